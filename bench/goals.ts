import { callGoals } from "./call-goals.ts";
import { flat, type Goal } from "./goal.ts";
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

const mostOperations: Readonly<Record<string, number>> = {
  "API call": 1,
  "API call with an expired access token": 2,
  "sign-in, the account's first": 3,
  // The app expects no document, and has to read the one that it finds.
  "sign-in in another browser": 5,
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
      goal: "≤ 100 ms",
      measured: `${Math.round(beyondHello)} ms`,
      met: beyondHello <= 100,
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
