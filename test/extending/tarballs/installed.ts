import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { packAll } from "../../../scripts/pack.ts";
import { startProgram, type Program } from "../../support/program.ts";
import { freePortRow } from "../../support/world.ts";
import { block } from "../documented.ts";

export const run = promisify(execFile);

export const frontEnds = ["react", "plain", "none"] as const;

/** Folders of apps that have the packages from their tarballs, and nothing else of this project. */
export interface Installed {
  readonly tarballs: readonly string[];
  /** The folder of the app that `npm create` has made with this front end. */
  readonly created: (frontEnd: (typeof frontEnds)[number]) => string;
  /** The folder of the app of docs/extending.md, with everything that is written by hand there. */
  readonly threeLines: string;
}

/** Without what tells a test runner that it is inside another one, and on the Node of this process. */
export function environment(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _inside, NODE_COMPILE_CACHE: _cache, PATH = "", ...others } = process.env;
  // Else npm, which may have started this, would take the project for the folder to install in.
  delete others["npm_config_local_prefix"];
  return { ...others, PATH: dirname(process.execPath) + delimiter + PATH };
}

/** Runs npm in a folder. @throws with what it has printed */
export async function npm(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run("npm", args, { cwd: folder, env: environment() }).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(error.stdout + error.stderr, { cause: error });
    },
  );
  return stdout + stderr;
}

export const installOptions = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];

/**
 * Packs everything, makes an app with each front end, and installs the packages in one of them, which the others share.
 * @returns undefined if what the packages depend on is neither cached nor to be had
 */
export async function installFromTarballs(root: string): Promise<Installed | undefined> {
  const all = await packAll(join(root, "tarballs"));
  const [create = "", ...tarballs] = all.toSorted((a, b) => Number(isCreate(b)) - Number(isCreate(a)));
  const creating = frontEnds.map((each) => `create-entra-functions-bff with-${each} --front-end ${each}`);
  await npm(root, "exec", "--yes", "--offline", `--package=${create}`, "--call", creating.join(" && "));
  const created = (frontEnd: string) => join(root, `with-${frontEnd}`);
  await lendPackages(created("react"));
  try {
    await npm(created("react"), "install", ...installOptions, ...tarballs);
  } catch (error) {
    if (/ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(String(error))) return undefined;
    throw error;
  }
  const share = async (folder: string) => symlink(join(created("react"), "node_modules"), join(folder, "node_modules"));
  for (const frontEnd of ["plain", "none"]) await share(created(frontEnd));
  const threeLines = join(root, "three-lines");
  await writeByHand(threeLines);
  await share(threeLines);
  return { tarballs, created, threeLines };
}

/**
 * Links the files of the packages from npm that the project has, because to unpack them again is a quarter of all the work.
 * npm keeps what the app asks for, removes the others, and unpacks what is missing: all of it, if linking fails.
 */
async function lendPackages(folder: string): Promise<void> {
  const own = new Set([".cache", ".package-lock.json", "@entra-functions-bff"]);
  const names = (await readdir("node_modules")).filter((name) => !own.has(name));
  const lent = join(folder, "node_modules");
  await mkdir(lent);
  const paths = names.map((name) => resolve("node_modules", name));
  await run("cp", ["--archive", "--link", ...paths, lent]).catch(() => rm(lent, { recursive: true, force: true }));
}

async function writeByHand(folder: string): Promise<void> {
  const text = await readFile("docs/extending.md", "utf8");
  for (const file of ["functions/index.ts", "host.json", "local/apis.ts", "test/manager.test.ts"]) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), block(text, `app: ${file}`));
  }
  await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module", "main": "dist/index.cjs" }');
}

const isCreate = (tarball: string) => basename(tarball).startsWith("create-");

/** A test of what is installed; skipped, and said so, if that could not be. */
export type Proof = (
  prove: (installed: Installed, test: TestContext) => Promise<void>,
) => (test: TestContext) => Promise<void>;

export const command = (folder: string): string => join(folder, "node_modules/.bin/entra-functions-bff");

/** A running command of the package. */
export interface Running {
  readonly url: string;
  readonly port: number;
  readonly program: Program;
  /** The URL behind these words in what it prints for a person. */
  readonly urlOf: (words: string) => string;
}

/** Runs `start` or `dev` in a folder until its app answers, on a port of its own or the given one. */
export async function started(folder: string, name: "start" | "dev", given?: number): Promise<Running> {
  const port = given ?? (await freePortRow(7));
  const options = { folder, environment: environment() };
  const program = startProgram(command(folder), [name, "--port", String(port)], options);
  const hasBanner = () => /Ctrl\+C/.test(program.written());
  await Promise.race([eventually("the banner", hasBanner), program.ended]);
  if (!hasBanner()) throw new Error(program.written());
  const urlOf = (words: string) => new RegExp(`${words}\\s+(\\S+)`).exec(program.written())?.[1] ?? "";
  return { url: `http://localhost:${port}`, port, program, urlOf };
}
