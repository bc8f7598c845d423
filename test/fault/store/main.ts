import { writeFile } from "node:fs/promises";
import { readArguments } from "../../../scripts/arguments.ts";
import type { Observation, Part } from "./run.ts";

const usage = `Tries every fault, and writes the tables of docs/faults.md from what it observes.

Usage: npm run docs:faults

Exit codes: 0 everything as it must be, 1 something was observed that must not happen, 2 wrong arguments.
`;

readArguments({ usage });
// After the arguments: they load the whole platform.
const [{ observeQueue }, { writeQueueTable }, { findings }, { journeys, observeFaults }, { faultsPage, pageWith }] =
  await Promise.all([
    import("../queue/observe.ts"),
    import("../queue/table.ts"),
    import("./judge.ts"),
    import("./run.ts"),
    import("./table.ts"),
  ]);
const observations: Observation[] = [];
for (const part of Object.keys(journeys) as Part[]) observations.push(...(await observeFaults(part)));
await writeFile(faultsPage, await pageWith(observations));
const found = findings(observations);
console.log(`${observations.length} tries, ${found.length} findings`);
for (const finding of found) console.log(finding);
const withQueue = await observeQueue();
await writeQueueTable(withQueue);
const wrong = withQueue.flatMap((each) => each.wrong.map((finding) => `${each.state}, ${each.moment}: ${finding}`));
for (const finding of wrong) console.log(finding);
process.exitCode = found.length + wrong.length === 0 ? 0 : 1;
