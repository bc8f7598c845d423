import { writeFile } from "node:fs/promises";
import { observeQueue } from "../queue/observe.ts";
import { writeQueueTable } from "../queue/table.ts";
import { findings } from "./judge.ts";
import { journeys, observeFaults, type Observation, type Part } from "./run.ts";
import { faultsPage, pageWith } from "./table.ts";

/* Writes the tables of docs/faults.md from what is observed now. Fails if something is observed that must not be. */
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
