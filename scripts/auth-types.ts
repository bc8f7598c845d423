import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { flatTypes } from "./pack/flat-types.ts";

/** The modules of web/auth.ts, the public one last. */
const modules = ["base-path", "requests", "session-watch", "auth"] as const;
const cache = "node_modules/.cache/auth-types";

/**
 * The declarations of `/assets/auth.js` in one file. They are kept until the sources change, because the compiler is
 * slow.
 */
export async function authTypes(): Promise<string> {
  const sources = await Promise.all(modules.map((name) => readFile(`web/${name}.ts`, "utf8")));
  const file = join(cache, `${createHash("sha256").update(sources.join("\0")).digest("hex")}.d.ts`);
  return readFile(file, "utf8").catch(() => compileInto(file));
}

async function compileInto(file: string): Promise<string> {
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "building-"));
  try {
    const options = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", folder];
    await promisify(execFile)(process.execPath, [
      "node_modules/typescript/bin/tsc",
      "-p",
      "web/tsconfig.json",
      ...options,
    ]);
    const parts = await Promise.all(modules.map((name) => readFile(join(folder, `${name}.d.ts`), "utf8")));
    const text = flatTypes(parts);
    await writeFile(join(folder, "auth"), text);
    await rename(join(folder, "auth"), file);
    return text;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
