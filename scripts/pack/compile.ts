import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";

/**
 * Runs the compiler on some of the project's files.
 * @param name of the file with its options, which is in the project's folder while the compiler runs
 * @throws {Error} with what the compiler has found
 */
export async function compile(name: string, include: readonly string[], compilerOptions: object): Promise<void> {
  const file = resolve(name);
  const options = { extends: "./tsconfig.json", include, compilerOptions: { noEmit: false, ...compilerOptions } };
  await writeFile(file, JSON.stringify(options));
  try {
    await promisify(execFile)(process.execPath, ["node_modules/typescript/bin/tsc", "-p", file], {
      cwd: dirname(file),
    });
  } catch (error) {
    const { stdout = "" } = error as { stdout?: string };
    throw new Error(`The types cannot be made:\n${stdout}`, { cause: error });
  } finally {
    await rm(file, { force: true });
  }
}
