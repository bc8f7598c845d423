import { enableCompileCache } from "node:module";
import { join } from "node:path";

const directory = process.env["NODE_COMPILE_CACHE"] ?? join(import.meta.dirname, "../../node_modules/.cache/compiled");

/**
 * Has Node keep what it compiles, types stripped, from one test process to the next: loading the platform is most of the
 * work of starting it. Counts for modules that are imported dynamically after this one.
 */
enableCompileCache(directory);

/** For processes that the tests start. */
export const compileCache = { NODE_COMPILE_CACHE: directory } as const;

/** What `npm test` has preloaded into this process. */
export const preloaded = process.execArgv.filter((argument) => argument.startsWith("--import=")).join(" ");

/** For processes of the project itself that the tests start. */
export const quickStart = { ...compileCache, NODE_OPTIONS: preloaded } as const;
