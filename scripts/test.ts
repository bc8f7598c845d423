import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { run as runFiles } from "node:test";
import { spec as Spec } from "node:test/reporters";
import { endWithUsage, readArguments } from "./arguments.ts";
import { collectNotRun } from "./not-run.ts";
import { installOtherBrowsers } from "./other-browsers.ts";

/** A kind is a folder of `test/`; one more kind is the tests of all packages. */
const all = globSync(["test/*/*.test.ts", "packages/*/test/*.test.ts"]).toSorted();
const known = [...new Set(all.map(kindOf))].toSorted();
const usage = `Runs every check that a change has to pass: types, lint, format, the build, and all tests.

Usage: npm test                     runs everything
       npm test -- <kind> [...]     runs only the build and the tests of these kinds

Kinds: ${known.join(", ")}
One file: npm run build && npx node --test test/<kind>/<name>.test.ts

Exit codes: 0 all passed, 1 something failed, 2 wrong arguments.
`;

const { positionals: kinds } = readArguments({ usage, maxPositionals: Number.POSITIVE_INFINITY });
/** More than a quarter of a minute each; what works and what waits in turn. */
const first = [
  "test/flow/failed-sign-in.test.ts",
  "test/soak/soak.test.ts",
  "test/race/clocks-that-differ.test.ts",
  "test/fault/identity-provider-faults.test.ts",
  "test/browser/refused-facilities.test.ts",
  "test/fault/queue-in-trouble.test.ts",
  "test/flow/start-program.test.ts",
  "test/fault/store-sign-ins.test.ts",
  "test/browser/cross-site-requests.test.ts",
  "test/flow/sign-out-later.test.ts",
  "test/browsers/firefox.test.ts",
  "test/browsers/webkit.test.ts",
  "test/fault/store-sign-outs-elsewhere.test.ts",
  "test/browser/accessibility.test.ts",
  "test/race/front-channel-and-sign-in.test.ts",
  "test/infra/bicep.test.ts",
].map((file) => join(file));

const unknown = kinds.filter((kind) => !known.includes(kind));
if (unknown.length > 0) endWithUsage(`There are no tests of the kind ${unknown.join(", ")}`, usage);
// Compiling what every test file loads would be half of the work.
const cache = join(import.meta.dirname, "../node_modules/.cache/compiled");
const environment = { NODE_COMPILE_CACHE: cache, ...process.env };
const checks = kinds.length === 0 ? ["typecheck", "lint", "format:check"] : [];
const needsBrowsers = kinds.length === 0 || kinds.includes("browsers");
// Their tests wait for it.
const browsers = needsBrowsers ? installOtherBrowsers() : undefined;
await Promise.all(checks.map((check) => run("npm", ["run", "-s", check])));
await run(process.execPath, ["scripts/build.ts"]);
const files = kinds.length === 0 ? inGoodOrder(all) : all.filter((file) => kinds.includes(kindOf(file)));
Object.assign(process.env, environment);
await runTests(files);
await browsers;

function kindOf(file: string): string {
  const folder = basename(dirname(file));
  return folder === "test" ? "packages" : folder;
}

/**
 * The longest first, because the end of the run would wait for a long one that began late. The shortest last, so that
 * both cores are busy until then.
 */
function inGoodOrder(inOrder: readonly string[]): string[] {
  const gone = first.filter((file) => !inOrder.includes(file));
  if (gone.length > 0) throw new Error(`scripts/test.ts names what is not there: ${gone.join(", ")}`);
  const others = inOrder.filter((file) => !first.includes(file));
  return [...first, ...mixed(others.filter((file) => !isShort(file))), ...others.filter(isShort)];
}

function isShort(file: string): boolean {
  return ["unit", "docs"].includes(kindOf(file));
}

/**
 * One of each kind in turn. Some kinds wait more than they work, others work all the time; together they use the
 * machine better than each kind alone.
 */
function mixed(inOrder: readonly string[]): string[] {
  const queues = Object.values(Object.groupBy(inOrder, kindOf)).map((each) => each ?? []);
  const longest = Math.max(...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => queues.flatMap((queue) => queue.slice(index, index + 1))).flat();
}

/** Like `node --test`, except for the order of the files. */
async function runTests(inOrder: string[]): Promise<void> {
  // Most of them wait more than they work.
  const concurrency = Math.max(4, 2 * availableParallelism());
  const events = runFiles({
    files: inOrder,
    concurrency,
    timeout: 300_000,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  events.on("test:fail", ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  });
  const notRun = collectNotRun(events);
  await pipeline(events.compose(new Spec()), process.stdout, { end: false });
  for (const line of notRun()) console.log(line);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: "inherit", env: environment });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  if (code !== 0) process.exit(code ?? 1);
}
