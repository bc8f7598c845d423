import { writeFile } from "node:fs/promises";
import { readArguments } from "../../../scripts/arguments.ts";
import { observeQueue } from "../queue/observe.ts";
import { writeQueueTable } from "../queue/table.ts";
import { findings } from "./judge.ts";
import { journeys, observeFaults, type Observation, type Part } from "./run.ts";
import { faultsPage, pageWith } from "./table.ts";

const usage = `Writes the tables of docs/faults.md from what is observed now.

Usage: npm run docs:faults

Exit codes: 0 all as it must be, 1 something was observed that must not be, 2 wrong arguments.
`;

readArguments({ usage });
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
