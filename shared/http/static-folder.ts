import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { ConfigurationError } from "../configuration/configuration.ts";

/** The files of a folder as they were when the app started, by their paths in it, with slashes. */
export interface StaticFolder {
  /** Absolute. */
  readonly path: string;
  readonly names: ReadonlySet<string>;
}

/**
 * Lists a folder that everybody may see. Symbolic links are left out, and so is everything that begins with a dot but
 * `.well-known/`.
 * @param folder absolute, or relative to the folder with the app's `host.json`
 * @throws {ConfigurationError} if it is not there, or is not for everybody
 */
export function listStaticFolder(folder: string): StaticFolder {
  const path = resolve(appFolder(), folder);
  const problem = existsSync(path) ? problemOf(path) : "is not in the app's folder";
  if (problem !== undefined) throw wrongFolder(folder, problem);
  const names = new Set(filesBelow(path));
  const taken = [...names].find((name) => belongsToApp.test(name));
  if (taken !== undefined) throw wrongFolder(folder, `has ${taken}, whose address belongs to the app itself`);
  if (!names.has("index.html")) throw wrongFolder(folder, "has no index.html");
  return { path, names };
}

/** Addresses that never lead to a file. */
const belongsToApp = /^(?:(?:api|auth|admin|runtime)\/|(?:healthz|readyz)$|assets\/auth\.(?:js|d\.ts)$)/i;

/** Everybody would see the app's code and settings. */
function problemOf(path: string): string | undefined {
  return relative(path, codeFolder()).startsWith("..")
    ? undefined
    : "contains the app itself; use a folder that has nothing but the files for browsers";
}

function wrongFolder(folder: string, problem: string): ConfigurationError {
  return new ConfigurationError([{ setting: "files", problem: `names the folder "${folder}", which ${problem}` }]);
}

/** Every file of a folder that can be served, by its path in it. */
export function filesBelow(path: string, prefix = ""): string[] {
  // Not with `recursive`, which follows links to other folders.
  return readdirSync(join(path, prefix), { withFileTypes: true }).flatMap((entry) => {
    const name = prefix + entry.name;
    if (entry.name.startsWith(".") && name !== ".well-known") return [];
    if (entry.isDirectory()) return filesBelow(path, `${name}/`);
    return entry.isFile() ? [name] : [];
  });
}

/** The bundle's. Only CommonJS has this, which is what a bundle is. */
function codeFolder(): string {
  return typeof __dirname === "undefined" ? process.cwd() : __dirname;
}

/** The nearest folder above the code that has a `host.json`. */
function appFolder(): string {
  let folder = codeFolder();
  while (!existsSync(join(folder, "host.json"))) {
    if (dirname(folder) === folder) return process.cwd();
    folder = dirname(folder);
  }
  return folder;
}
