import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How the executable was called. */
export interface FuncCall {
  readonly args: readonly string[];
  /** Everything in the folder that it was called in. */
  readonly files: readonly string[];
  /** The app's code in that folder. */
  readonly bundle?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The certificate authorities that the worker trusts besides the usual ones; undefined if there is no such file. */
  readonly trusted?: string;
}

export interface FakeFunc extends AsyncDisposable {
  /** To be put on the PATH. */
  readonly folder: string;
  call(): Promise<FuncCall>;
}

/**
 * An executable named `func` that takes down how it is called, and ends with `exitCode`. The worker of the real one runs in
 * the worker's own folder, not in the app's: what it finds there is taken down, too.
 */
export async function createFakeFunc(exitCode = 0): Promise<FakeFunc> {
  const folder = await mkdtemp(join(tmpdir(), "func-"));
  const record = join(folder, "call.json");
  const program = `#!${process.execPath}
const { existsSync, readdirSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const files = readdirSync(".", { recursive: true }).filter((file) => statSync(file).isFile()).sort();
const bundle = existsSync("dist/index.cjs") ? readFileSync("dist/index.cjs", "utf8").slice(0, 80) : undefined;
process.chdir(${JSON.stringify(folder)});
const { NODE_EXTRA_CA_CERTS: file = "" } = process.env;
const trusted = existsSync(file) ? readFileSync(file, "utf8") : undefined;
const call = { args: process.argv.slice(2), files, bundle, environment: process.env, trusted };
writeFileSync(${JSON.stringify(record)}, JSON.stringify(call));
process.exitCode = ${exitCode};
`;
  await writeFile(join(folder, "func"), program);
  await chmod(join(folder, "func"), 0o755);
  return {
    folder,
    call: async () => JSON.parse(await readFile(record, "utf8")) as FuncCall,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
