import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How the executable was called. */
export interface FuncCall {
  readonly args: readonly string[];
  /** Everything in the folder that it was called in. */
  readonly files: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export interface FakeFunc extends AsyncDisposable {
  /** To be put on the PATH. */
  readonly folder: string;
  call(): Promise<FuncCall>;
}

/** An executable named `func` that takes down how it is called, and ends with `exitCode`. */
export async function createFakeFunc(exitCode = 0): Promise<FakeFunc> {
  const folder = await mkdtemp(join(tmpdir(), "func-"));
  const record = join(folder, "call.json");
  const program = `#!${process.execPath}
const { readdirSync, statSync, writeFileSync } = require("node:fs");
const files = readdirSync(".", { recursive: true }).filter((file) => statSync(file).isFile()).sort();
writeFileSync(${JSON.stringify(record)}, JSON.stringify({ args: process.argv.slice(2), files, environment: process.env }));
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
