import { connectionsOf } from "./call-goals.ts";
import { contestants, type Contestant } from "./entrants.ts";
import { connectionCounts, type ApiCallFigures, type CallFigures } from "./figures/api-calls.ts";
import type { Figures } from "./measure.ts";
import { ranged, type Spread } from "./statistics.ts";
import { table } from "./table.ts";

export const names: Readonly<Record<Contestant, string>> = {
  hello: "hello",
  floor: "floor",
  app: "**this app**",
  identityWeb: "Id.Web",
  identityWebMemory: "Id.Web, memory cache",
  expressOpenidConnect: "express-openid-connect",
  msalCache: "MSAL Node, distributed cache",
};

/** The tables of signed-in API calls. */
export function callTables({ apiCalls, apiCallsOnTwo, withoutIdentityWeb }: Figures): readonly string[] {
  return [
    ...(withoutIdentityWeb === undefined
      ? []
      : [`**Microsoft.Identity.Web was not measured:** ${withoutIdentityWeb}.`]),
    ...connectionCounts.flatMap((count) => callTable("One CPU", count, apiCalls)),
    ...callTable("Two CPUs, two worker processes on the functions host", 64, apiCallsOnTwo),
  ];
}

const head = [
  "",
  "Calls/s",
  "this app to it",
  "CPU ms/call",
  "p50 ms",
  "p99 ms",
  "p99 in answers",
  "Resident MB",
  "Event-loop delay p99 ms",
  "CPUs busy around it",
];

function callTable(cpus: string, connections: number, { byConnections }: ApiCallFigures): string[] {
  const load = byConnections.get(connections) ?? new Map<Contestant, CallFigures>();
  const app = load.get("app");
  const rows = contestants.flatMap((name) => {
    const figures = load.get(name);
    if (!figures) return [];
    return [
      [
        names[name],
        ranged(figures.perSecond, 0),
        inBrief(app?.ratio("perSecond", name)),
        ranged(figures.cpuMs, 2),
        figures.p50Ms.median.toFixed(1),
        ranged(figures.p99Ms, 1),
        figures.answersMeanwhileP99.median.toFixed(0),
        (figures.residentBytes.median / 1e6).toFixed(0),
        // .NET has no event loop.
        name.startsWith("identityWeb") ? "–" : figures.eventLoopDelayP99Ms.median.toFixed(1),
        figures.aroundBusyCpus.median.toFixed(2),
      ],
    ];
  });
  return [`${cpus}, ${connectionsOf(connections)}:`, table(head, rows)];
}

function inBrief(ratio: Spread | undefined): string {
  return ratio === undefined ? "–" : ratio.median.toFixed(2);
}
