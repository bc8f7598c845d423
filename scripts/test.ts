import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { globSync } from "node:fs";
import { join } from "node:path";

/**
 * Runs every check that a change has to pass: types, lint, format, the build, and all tests. Arguments narrow the
 * tests: `npm test -- flow race` runs those two kinds alone, without the checks.
 */
const kinds = process.argv.slice(2);
// Compiling what every test file loads, types stripped, would be half of the work.
const cache = join(import.meta.dirname, "../node_modules/.cache/compiled");
const environment = { NODE_COMPILE_CACHE: cache, ...process.env };
if (kinds.length === 0) await run("npm", ["run", "-s", "check"]);
await run(process.execPath, ["scripts/build.ts"]);
const files = globSync(kinds.length === 0 ? "test/*/*.test.ts" : kinds.map((kind) => `test/${kind}/*.test.ts`)).sort();
if (files.length === 0) throw new Error(`There are no tests of the kind ${kinds.join(", ")}`);
await run(process.execPath, [
  "--disable-warning=ExperimentalWarning",
  "--test",
  `--test-concurrency=${Math.max(3, availableParallelism())}`,
  "--test-timeout=300000",
  ...files,
]);

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: "inherit", env: environment });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", resolve);
  });
  if (code !== 0) process.exit(code ?? 1);
}
