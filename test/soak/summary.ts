import { served } from "./stage.ts";
import type { World } from "../support/world.ts";
import type { Finding } from "./checker.ts";
import type { Entry, History } from "./history.ts";

export interface Run {
  readonly seed: number;
  readonly operations: number;
  readonly seconds: number;
  readonly history: History;
  readonly findings: readonly Finding[];
  readonly world: World;
}

/** What was done and found, in one line. */
export function summarize({ seed, operations, seconds, history, findings, world }: Run): string {
  const { entries, scope } = history;
  const signIns = entries.filter((entry) => entry.kind === "sign_in");
  const calls = entries.filter((entry) => entry.kind === "call");
  const signOuts = entries.filter((entry) => entry.kind === "sign_out");
  const finishes = entries.filter((entry) => entry.kind === "finish");
  const refreshes = { endpoint: "token", grantType: "refresh_token", status: 200 } as const;
  const faults = world.cosmos.operations.all().filter(({ fault }) => fault !== undefined).length;
  return [
    `soak seed=${seed} scope=${scope} operations=${operations} instances=${served}`,
    `${seconds.toFixed(1)} s`,
    `sign-ins ${signIns.length} (${tally(signIns, ({ status }) => String(status))})`,
    `calls ${calls.length} (${tally(calls, ({ status }) => String(status))})`,
    `renewals ${world.identityProvider.controls.requests.count(refreshes)}`,
    `sign-outs ${signOuts.length} (${tally(signOuts, ({ origin, acknowledged }) => (acknowledged ? origin : "failed"))})`,
    `finished later ${finishes.length} (${tally(finishes, ({ acknowledged }) => (acknowledged ? "done" : "put aside"))})`,
    `expiries ${count(entries, "expiry")}, revocations ${count(entries, "revocation")}`,
    `store operations ${world.cosmos.operations.count()}, answers replaced by faults ${faults}`,
    findings.length === 0
      ? "violations 0"
      : `VIOLATIONS ${findings.length} (${tally(findings, ({ violation }) => violation)})`,
  ].join(" | ");
}

function count(entries: readonly Entry[], kind: Entry["kind"]): number {
  return entries.filter((entry) => entry.kind === kind).length;
}

function tally<T>(items: readonly T[], name: (item: T) => string): string {
  return [...Map.groupBy(items, name)]
    .map(([each, { length }]) => `${each} ${length}`)
    .sort()
    .join(", ");
}
