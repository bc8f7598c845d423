import { flat, type Goal } from "./goal.ts";
import type { Figures } from "./measure.ts";
import { ranged } from "./statistics.ts";
import { table } from "./table.ts";

export function streamGoals({ streams }: Figures): Goal[] {
  const { firstByteOfBare, throughputOfBare, memory, megabytes } = streams;
  const growth = memory.bytes / memory.smallerBytes;
  return [
    {
      figure: "Streamed answer, time to the first byte",
      goal: "≤ 1.25 of a bare stream's",
      measured: firstByteOfBare.median.toFixed(2),
      met: firstByteOfBare.median <= 1.25,
    },
    {
      figure: `Streamed answer of ${megabytes} MB, throughput`,
      goal: "≥ 0.80 of a bare stream's",
      measured: throughputOfBare.median.toFixed(2),
      met: throughputOfBare.median >= 0.8,
    },
    {
      figure: `Most memory, answers of ${megabytes} MB to those of ${megabytes / 10} MB`,
      goal: "flat (≤ 1.25)",
      measured: growth.toFixed(2),
      met: growth <= flat,
    },
  ];
}

export function streamTable({
  streams: { app, bare, firstByteOfBare, throughputOfBare, memory, megabytes },
}: Figures): string {
  const rows = [
    ["bare stream", ranged(bare.firstByteMs, 1), "1.00", ranged(bare.megabytesPerSecond, 0), "1.00"],
    [
      "**this app**",
      ranged(app.firstByteMs, 1),
      ranged(firstByteOfBare, 2),
      ranged(app.megabytesPerSecond, 0),
      ranged(throughputOfBare, 2),
    ],
  ];
  const head = ["", "First byte ms", "of bare", `MB/s, ${megabytes} MB`, "of bare"];
  return [
    table(head, rows),
    `Most memory of the process with ${memory.atOnce} answers at once: ${megabytesOf(memory.idleBytes)} before them, ` +
      `${megabytesOf(memory.smallerBytes)} with ${megabytes / 10} MB each, ${megabytesOf(memory.bytes)} with ${megabytes} MB each.`,
  ].join("\n\n");
}

function megabytesOf(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
