import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** All test files of the project. */
export const testFiles = globSync(["test/*/*.test.ts", "packages/*/test/*.test.ts"]).toSorted();

/** More than a quarter of a minute each; what works and what waits in turn. */
const longest = [
  "test/extending/from-tarballs.test.ts",
  "test/flow/failed-sign-in.test.ts",
  "test/soak/soak.test.ts",
  "test/race/clocks-that-differ.test.ts",
  "test/fault/identity-provider-faults.test.ts",
  "test/page/refused-facilities.test.ts",
  "test/fault/queue-in-trouble.test.ts",
  "test/flow/start-program.test.ts",
  "test/fault/store-sign-ins.test.ts",
  "test/browser/cross-site-requests.test.ts",
  "test/flow/sign-out-later.test.ts",
  "test/browsers/firefox.test.ts",
  "test/browsers/webkit.test.ts",
  "test/fault/store-sign-outs-elsewhere.test.ts",
  "test/page/accessibility.test.ts",
  "test/race/front-channel-and-sign-in.test.ts",
  "test/infra/bicep.test.ts",
].map((file) => join(file));

/** A kind is a folder of `test/`; one more kind is the tests of all packages. */
export function kindOf(file: string): string {
  const folder = basename(dirname(file));
  return folder === "test" ? "packages" : folder;
}

/**
 * The longest first, because the end of the run would wait for a long one that began late. The shortest last, so that
 * all cores are busy until then.
 */
export function inGoodOrder(files: readonly string[]): string[] {
  const gone = longest.filter((file) => !files.includes(file));
  if (gone.length > 0) throw new Error(`scripts/test-files.ts names what is not there: ${gone.join(", ")}`);
  const others = files.filter((file) => !longest.includes(file));
  return [...longest, ...mixed(others.filter((file) => !isShort(file))), ...others.filter(isShort)];
}

function isShort(file: string): boolean {
  return ["unit", "docs"].includes(kindOf(file));
}

/**
 * One of each kind in turn. Some kinds wait more than they work, others work all the time; together they use the
 * machine better than each kind alone.
 */
function mixed(files: readonly string[]): string[] {
  const queues = Object.values(Object.groupBy(files, kindOf)).map((each) => each ?? []);
  const length = Math.max(...queues.map((queue) => queue.length));
  return Array.from({ length }, (_, index) => queues.flatMap((queue) => queue.slice(index, index + 1))).flat();
}
