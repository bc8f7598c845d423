import { readFile, writeFile } from "node:fs/promises";
import { format } from "prettier";
import { faultsPage } from "../store/table.ts";
import type { QueueObservation } from "./observe.ts";

const [begin, end] = ["<!-- generated, queue: begin -->", "<!-- generated, queue: end -->"];

/** Puts the table for these observations into docs/faults.md. */
export async function writeQueueTable(observations: readonly QueueObservation[]): Promise<void> {
  const page = await readFile(faultsPage, "utf8");
  const [before, after] = marksOf(page);
  await writeFile(faultsPage, `${page.slice(0, before)}\n\n${await tableOf(observations)}\n${page.slice(after)}`);
}

/** The table on the page, and what it has to be, both without the column of times. */
export async function queueTables(
  observations: readonly QueueObservation[],
): Promise<{ readonly onPage: string; readonly observed: string }> {
  const page = await readFile(faultsPage, "utf8");
  const [before, after] = marksOf(page);
  return { onPage: withoutTimes(page.slice(before, after)), observed: withoutTimes(await tableOf(observations)) };
}

function marksOf(page: string): [number, number] {
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error("docs/faults.md lacks the marks of the table about the queue");
  return [before + begin.length, after];
}

async function tableOf(observations: readonly QueueObservation[]): Promise<string> {
  const head = ["The queue", "Since", "In the app", "At the identity provider", "When both are back", "Answered after"];
  const rows = observations.map(({ state, moment, here, elsewhere, inTheEnd, waitedMs }) => [
    state,
    moment,
    here,
    elsewhere,
    inTheEnd,
    `${(waitedMs / 1_000).toFixed(1)} s`,
  ]);
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return format(lines.join("\n"), { parser: "markdown", printWidth: 120 });
}

/** How wide the columns are depends on all of their cells. */
function withoutTimes(table: string): string {
  const lines = table.trim().split("\n");
  return lines
    .map((line) =>
      line
        .split("|")
        .slice(1, -2)
        .map((cell) => cell.trim().replace(/-+/, "-"))
        .join(" | "),
    )
    .join("\n");
}
