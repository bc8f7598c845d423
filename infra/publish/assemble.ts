import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Puts together the folder that is published: the bundle, host.json and package.json, and nothing else. */
const root = join(import.meta.dirname, "..", "..");
const folder = join(root, ".local", "publish");
rmSync(folder, { recursive: true, force: true });
for (const file of ["dist/index.cjs", "host.json", "package.json"]) cpSync(join(root, file), join(folder, file));
