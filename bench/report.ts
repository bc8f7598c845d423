import { callTables } from "./call-report.ts";
import { goalsOf } from "./goals.ts";
import type { Figures } from "./measure.ts";
import { ranged } from "./statistics.ts";
import { streamTable } from "./stream-report.ts";
import { table } from "./table.ts";

/** The measured part of docs/performance.md. */
export function reportOf(figures: Figures): string {
  return [
    conditions(figures),
    "### Goals",
    goals(figures),
    "### Signed-in API calls",
    ...callTables(figures),
    "### Operations and request units at the store",
    costs(figures),
    "### Cold start",
    coldStart(figures),
    coldStartInAzure,
    "### Sign-outs",
    signOuts(figures),
    "### Memory",
    memory(figures),
    "### Streams",
    streamTable(figures),
  ].join("\n\n");
}

function conditions({ machine, isPinned, apiCalls }: Figures): string {
  const { cpus, model, loadBefore, busyWithOthers } = machine;
  const others =
    busyWithOthers === undefined ? "" : ` Other programs kept ${busyWithOthers.toFixed(2)} CPUs busy on average.`;
  const pinned = isPinned
    ? "On one CPU, the measured server has the first CPU for itself, and everything else of the benchmark has the others."
    : "**Nothing was kept on a CPU of its own**, so the servers share all CPUs with everything else of the benchmark.";
  return (
    `Measured with Node.js ${process.version} on ${cpus} CPUs (${model}), whose load average was ` +
    `${loadBefore.toFixed(1)} before.${others} ${pinned} ${apiCalls.rounds} rounds; medians, with the lowest and the ` +
    `highest round in brackets.`
  );
}

const coldStartInAzure = `The table is for the local functions host. Microsoft's own host starts before the app does, and takes longer. Release 4.1037,
built from source and compiled as it runs, answered the first request of a hello app after 2.4 s. With an extension bundle in
\`host.json\`, a start of 3 s became one of 5 s. This app needs no extension bundle, because HTTP and timer triggers are part of the
host. A cold start on that host is therefore estimated as the host's own 2.4 s plus the last row of the table: about 2.6 s, compared with
5 s with the bundle.`;

function goals(figures: Figures): string {
  const rows = goalsOf(figures).map(({ figure, goal, measured, met }) => [
    figure,
    goal,
    measured,
    met ? "yes" : "**no**",
  ]);
  return table(["Figure", "Goal", "Measured", "Met"], rows);
}

function costs({ costs: all }: Figures): string {
  const rows = all.map(({ action, operations, writes, requestUnits, tokenRequests }) => [
    action,
    operations.join(", "),
    String(operations.length),
    String(writes),
    requestUnits.toFixed(1),
    String(tokenRequests),
  ]);
  return table(["Action", "Operations", "Count", "Writes", "RU", "Token requests"], rows);
}

function coldStart({ coldStart: { helloMs, appMs, differenceMs, identityWebMs } }: Figures): string {
  return table(
    ["From the start of the process to", "ms"],
    [
      ["the first answer of hello", ranged(helloMs, 0)],
      ["the first signed-in API answer", ranged(appMs, 0)],
      ["difference, round by round", ranged(differenceMs, 0)],
      ...(identityWebMs
        ? [["the first signed-in API answer of Id.Web, compiled ahead", ranged(identityWebMs, 0)]]
        : []),
    ],
  );
}

function signOuts({ signOutLatency, burst }: Figures): string {
  const rows = signOutLatency.map(({ accounts, p50Ms, p99Ms }) => [
    accounts.toLocaleString("en"),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
  ]);
  const { signOuts: count, deleted, elapsedMs, p50Ms, p99Ms } = burst;
  return [
    table(["Accounts in the store", "Sign-out in the app, p50 ms", "p99 ms"], rows),
    `${count.toLocaleString("en")} front-channel sign-outs at once: ${deleted.toLocaleString("en")} accounts deleted in ` +
      `${(elapsedMs / 1000).toFixed(1)} s, p50 ${Math.round(p50Ms)} ms, p99 ${Math.round(p99Ms)} ms.`,
  ].join("\n\n");
}

function memory({ memory: { sessions, readings } }: Figures): string {
  const rows = readings.map(({ calls, residentBytes, heapBytes }) => [
    calls.toLocaleString("en"),
    (residentBytes / 1e6).toFixed(0),
    (heapBytes / 1e6).toFixed(1),
  ]);
  const caption = `API calls by ${sessions.toLocaleString("en")} sessions in turn, garbage collected before each reading:`;
  return [caption, table(["Calls", "Resident, MB", "Heap in use, MB"], rows)].join("\n\n");
}
