/* Preloaded into each test file of a run: some packages are loaded as one file instead of hundreds. */
import { registerHooks } from "node:module";
import { bundleOf } from "./bundled-packages.ts";

registerHooks({
  resolve(specifier, context, next) {
    const url = context.conditions.includes("import") ? bundleOf(specifier) : undefined;
    return url === undefined ? next(specifier, context) : { url, format: "module", shortCircuit: true };
  },
});
