import type { CallFigures, Contestant } from "./figures/api-calls.ts";
import { flat, type Goal } from "./goal.ts";
import { connectionCounts } from "./figures/api-calls.ts";
import type { Figures } from "./measure.ts";
import { streamGoals } from "./stream-report.ts";

export function goalsOf(figures: Figures): readonly Goal[] {
  return [...callGoals(figures), ...streamGoals(figures), ...countGoalsOf(figures), ...otherGoals(figures)];
}

export type Counted = Pick<Figures, "costs" | "renewals" | "burst" | "streams" | "bundleBytes">;

/** The goals that are counts and therefore the same on any machine. */
export function countGoalsOf(counted: Counted): readonly Goal[] {
  const { burst, bundleBytes, streams } = counted;
  return [
    ...storeGoals(counted),
    {
      figure: "Store operations, streamed API call",
      goal: "≤ 1",
      measured: String(streams.storeOperations),
      met: streams.storeOperations <= 1,
    },
    ...renewalGoals(counted),
    {
      figure: `${burst.signOuts} front-channel sign-outs at once`,
      goal: "none lost",
      measured: `${burst.signOuts - burst.deleted} lost`,
      met: burst.deleted === burst.signOuts,
    },
    {
      figure: "Bundle, minified",
      goal: "≤ 800 KB",
      measured: `${Math.round(bundleBytes / 1000)} KB`,
      met: bundleBytes <= 800_000,
    },
  ];
}

function callsOf({ apiCalls }: Figures, connections: number, name: Contestant): CallFigures {
  const figures = apiCalls.byConnections.get(connections)?.get(name);
  if (!figures) throw new Error(`${name} was not measured`);
  return figures;
}

function callGoals(figures: Figures): Goal[] {
  const throughput = connectionCounts.flatMap((connections): Goal[] => {
    const app = callsOf(figures, connections, "app");
    const peers = (["expressOpenidConnect", "msalCache"] as const).map((name) => callsOf(figures, connections, name));
    const best = Math.max(...peers.map(({ ofFloor }) => ofFloor.median));
    const of = `${connections} connection${connections === 1 ? "" : "s"}`;
    const ratio = app.ofFloor.median;
    return [
      {
        figure: `API call, throughput, ${of}`,
        goal: "≥ 0.90 of the floor",
        measured: ratio.toFixed(2),
        met: ratio >= 0.9,
      },
      {
        figure: `the same beside the better peer`,
        goal: "ahead",
        measured: `${ratio.toFixed(2)} to ${best.toFixed(2)}`,
        met: ratio > best,
      },
    ];
  });
  const { cpuBeyondFloorMs, p99OfFloor } = callsOf(figures, 16, "app");
  const [cpu, p99] = [cpuBeyondFloorMs.median, p99OfFloor.median];
  return [
    ...throughput,
    {
      figure: "CPU per API call beyond the floor",
      goal: "≤ 0.25 ms",
      measured: `${cpu.toFixed(2)} ms`,
      met: cpu <= 0.25,
    },
    { figure: "p99, 16 connections", goal: "≤ 1.25 of the floor's", measured: p99.toFixed(2), met: p99 <= 1.25 },
  ];
}

const mostOperations: Readonly<Record<string, number>> = {
  "API call": 1,
  "API call with an expired access token": 2,
  "sign-in, the account's first": 4,
  "sign-in in another browser": 4,
  "sign-out in the app": 4,
  "sign-out at the identity provider": 4,
};

function storeGoals({ costs }: Counted): Goal[] {
  return costs.flatMap(({ action, operations }) => {
    const most = mostOperations[action];
    if (most === undefined) return [];
    const count = operations.length;
    return [{ figure: `Store operations, ${action}`, goal: `≤ ${most}`, measured: String(count), met: count <= most }];
  });
}

function renewalGoals({ renewals }: Counted): Goal[] {
  return renewals.map(({ instances, calls, tokenRequests, writes }) => ({
    figure: `${calls} calls at once, access token expired, ${instances === 1 ? "one instance" : `${instances} instances`}`,
    goal: instances === 1 ? "1 token request, 1 write" : `≤ ${instances} token requests`,
    measured: `${tokenRequests} token request${tokenRequests === 1 ? "" : "s"}, ${writes} write${writes === 1 ? "" : "s"}`,
    met: tokenRequests <= instances && (instances > 1 || writes === 1),
  }));
}

function otherGoals({ coldStart, signOutLatency, memory }: Figures): Goal[] {
  const beyondHello = coldStart.differenceMs.median;
  const latencies = signOutLatency.map(({ p50Ms }) => p50Ms);
  const slope = (latencies.at(-1) ?? NaN) / (latencies[0] ?? NaN);
  const [warm, last] = [memory.readings[1], memory.readings.at(-1)];
  const growth = (last?.residentBytes ?? NaN) / (warm?.residentBytes ?? NaN);
  return [
    {
      figure: "Cold start beyond hello",
      goal: "≤ 150 ms",
      measured: `${Math.round(beyondHello)} ms`,
      met: beyondHello <= 150,
    },
    {
      figure: "Sign-out latency, fullest store to emptiest",
      goal: "flat (≤ 1.25)",
      measured: slope.toFixed(2),
      met: slope <= flat,
    },
    {
      figure: "Resident memory, end to after warm-up",
      goal: "flat (≤ 1.25)",
      measured: growth.toFixed(2),
      met: growth <= flat,
    },
  ];
}
