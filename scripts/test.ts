import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { run as runFiles } from "node:test";
import { spec as Spec } from "node:test/reporters";

/**
 * Runs every check that a change has to pass: types, lint, format, the build, and all tests. Arguments narrow the
 * tests: `npm test -- flow race` runs those two kinds alone, without the checks.
 */
const kinds = process.argv.slice(2);
// Compiling what every test file loads, types stripped, would be half of the work.
const cache = join(import.meta.dirname, "../node_modules/.cache/compiled");
const environment = { NODE_COMPILE_CACHE: cache, ...process.env };
const checks = kinds.length === 0 ? ["typecheck", "lint", "format:check"] : [];
await Promise.all(checks.map((check) => run("npm", ["run", "-s", check])));
await run(process.execPath, ["scripts/build.ts"]);
const files =
  kinds.length === 0
    ? mixed(globSync("test/*/*.test.ts"))
    : globSync(kinds.map((kind) => `test/${kind}/*.test.ts`)).sort();
if (files.length === 0) throw new Error(`There are no tests of the kind ${kinds.join(", ")}`);
Object.assign(process.env, environment);
await runTests(files);

/**
 * One of each kind in turn. Some kinds wait more than they work, others work all the time: side by side they use the
 * machine better than each kind by itself.
 */
function mixed(all: readonly string[]): string[] {
  const queues = Object.values(Object.groupBy(all.toSorted(), (file) => dirname(file))).map((each) => each ?? []);
  const longest = Math.max(...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => queues.flatMap((queue) => queue.slice(index, index + 1))).flat();
}

/** As `node --test` does, but for the order of the files. */
async function runTests(inOrder: string[]): Promise<void> {
  const concurrency = Math.max(4, availableParallelism());
  const events = runFiles({
    files: inOrder,
    concurrency,
    timeout: 300_000,
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  events.on("test:fail", ({ todo }) => {
    if (todo === undefined || todo === false) process.exitCode = 1;
  });
  await pipeline(events.compose(new Spec()), process.stdout, { end: false });
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: "inherit", env: environment });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  if (code !== 0) process.exit(code ?? 1);
}
