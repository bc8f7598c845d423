import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { run as runFiles } from "node:test";
import { spec as Spec } from "node:test/reporters";
import { endWithUsage, readArguments } from "./arguments.ts";
import { bundlePackages } from "./bundled-packages.ts";
import { collectNotRun } from "./not-run.ts";
import { installOtherBrowsers } from "./other-browsers.ts";
import { collectSlowestFiles } from "./slowest-files.ts";
import { inGoodOrder, kindOf, testFiles } from "./test-files.ts";

const known = [...new Set(testFiles.map(kindOf))].toSorted();
const usage = `Runs every check that a change has to pass: types, lint, format, the build, and all tests.

Usage: npm test                     runs everything
       npm test -- <kind> [...]     runs only the build and the tests of these kinds

Kinds: ${known.join(", ")}
One file: npm run build && npx node --test test/<kind>/<name>.test.ts

Exit codes: 0 all passed, 1 something failed, 2 wrong arguments.
`;

const { positionals: kinds } = readArguments({ usage, maxPositionals: Number.POSITIVE_INFINITY });
const unknown = kinds.filter((kind) => !known.includes(kind));
if (unknown.length > 0) endWithUsage(`There are no tests of the kind ${unknown.join(", ")}`, usage);
// Compiling what every test file loads would be half of the work.
const cache = join(import.meta.dirname, "../node_modules/.cache/compiled");
const environment = { NODE_COMPILE_CACHE: cache, ...process.env };
const isWhole = kinds.length === 0;
// The tests of the other browsers wait for the installation.
const browsers = isWhole || kinds.includes("browsers") ? installOtherBrowsers() : undefined;
// Takes one core for longer than the other checks take both, and no test depends on it.
const isFormatted = isWhole ? succeeds("npm", ["run", "-s", "format:check"]) : true;
const checks = isWhole ? ["typecheck", "lint"].map((check) => succeeds("npm", ["run", "-s", check])) : [];
const isReady = await Promise.all([succeeds(process.execPath, ["scripts/build.ts"]), ...checks]);
await bundlePackages();
if (isReady.includes(false)) {
  await isFormatted;
  process.exit(1);
}
Object.assign(process.env, environment);
await runTests(isWhole ? inGoodOrder(testFiles) : testFiles.filter((file) => kinds.includes(kindOf(file))));
await browsers;
if (!(await isFormatted)) {
  console.log("npm run format:check failed");
  process.exitCode = 1;
}

/** Like `node --test`, except for the order of the files. */
async function runTests(files: string[]): Promise<void> {
  const events = runFiles({
    files,
    // Most of them wait more than they work.
    concurrency: 3 * availableParallelism(),
    timeout: 300_000,
    // What a test leaves running keeps its file from ending, and `timeout` is about single tests.
    signal: AbortSignal.timeout(40 * 60_000),
    execArgv: ["--disable-warning=ExperimentalWarning", `--import=${import.meta.resolve("./use-bundled-packages.ts")}`],
  });
  events.on("test:fail", ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  });
  const lastLines = [collectNotRun(events), collectSlowestFiles(events)];
  await pipeline(events.compose(new Spec()), process.stdout, { end: false });
  for (const line of lastLines.flatMap((lines) => lines())) console.log(line);
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: "inherit", env: environment });
  return new Promise<boolean>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code === 0));
  });
}
