import { readFile, writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { readArguments } from "../scripts/arguments.ts";
import { goalsOf } from "./goals.ts";
import { fullExtent, measureAll, quickExtent } from "./measure.ts";
import { reportOf } from "./report.ts";

const usage = `Measures the app together with baselines and peers, and writes the results to docs/performance.md.

Usage: npm run bench [-- --quick]

Microsoft.Identity.Web, one of the peers, needs the .NET SDK 10 and its packages; the report says so if it is missing.

  --quick   measures a tenth of everything, as a trial; prints the report and does not change the file

BENCH_NODE_OPTIONS in the environment is passed to the servers on the functions host, for example "--cpu-prof".
`;

const file = "docs/performance.md";
const [begin, end] = ["<!-- Written by npm run bench. -->", "<!-- End of what npm run bench writes. -->"];

async function main(): Promise<void> {
  const { values } = readArguments({ usage, options: { quick: { type: "boolean" } } });
  const startedAt = performance.now();
  const say = (line: string) => console.log(`${Math.round((performance.now() - startedAt) / 1000)} s: ${line}`);
  const figures = await measureAll(values.quick ? quickExtent : fullExtent, say);
  const options = { ...(await resolveConfig(file)), filepath: file };
  const report = await format(reportOf(figures), options);
  if (values.quick) console.log(`\n${report}`);
  else await writeFile(file, await format(withReport(await readFile(file, "utf8"), report), options));
  const missed = goalsOf(figures).filter(({ met }) => !met);
  say(missed.length === 0 ? "every goal is met" : `not met: ${missed.map(({ figure }) => figure).join("; ")}`);
}

function withReport(text: string, report: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for the report`);
  return `${text.slice(0, from + begin.length)}\n\n${report}\n${text.slice(to)}`;
}

await main();
