/* Preloaded into each test file of a run and what it starts: many modules are loaded as a few files instead of hundreds. */
import { registerHooks } from "node:module";
import { bundles } from "./bundled-packages.ts";

const urls = bundles();
const project = new URL("..", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const url =
      isForProject(context.parentURL) && !context.conditions.includes("require") ? urls.get(specifier) : undefined;
    return url === undefined ? next(specifier, context) : { url, format: "module", shortCircuit: true };
  },
});

/** Packages, and apps in other folders, get what is installed for them. A program has no parent. */
function isForProject(parent: string | undefined): boolean {
  return parent === undefined || (parent.startsWith(project) && !parent.includes("/node_modules/"));
}
