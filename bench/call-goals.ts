import type { Contestant } from "./entrants.ts";
import { connectionCounts, type CallFigures, type LoadFigures } from "./figures/api-calls.ts";
import type { Goal } from "./goal.ts";
import type { Figures } from "./measure.ts";

/** Goals for signed-in API calls: beside the floor, beside Microsoft.Identity.Web, and beside the peers on Node.js. */
export function callGoals(figures: Figures): readonly Goal[] {
  const { apiCalls, apiCallsOnTwo, withoutIdentityWeb } = figures;
  const on = (all: Figures["apiCalls"], count: number) => new Calls(all.byConnections.get(count), withoutIdentityWeb);
  const goals = connectionCounts.flatMap((count) => throughputGoals(on(apiCalls, count), connectionsOf(count)));
  return [
    on(apiCalls, 64).cpuOfFloor(),
    ...goals,
    on(apiCallsOnTwo, 64).ahead("API calls, two CPUs, 64 connections, beside Id.Web", "identityWeb", 1),
    on(apiCalls, 16).noSlower("p99, 16 connections, beside Id.Web"),
    on(apiCalls, 64).noSlower("p99, 64 connections, beside Id.Web"),
    on(apiCalls, 64).memory(),
  ];
}

export function connectionsOf(count: number): string {
  return `${count} connection${count === 1 ? "" : "s"}`;
}

function throughputGoals(calls: Calls, connections: string): Goal[] {
  return [
    calls.ahead(`API calls, one CPU, ${connections}, beside Id.Web`, "identityWeb", 1.4),
    calls.ahead("the same beside Id.Web with its memory cache", "identityWebMemory", 1),
    calls.ahead("the same beside express-openid-connect", "expressOpenidConnect", 1),
    calls.ahead("the same beside MSAL Node with a distributed cache", "msalCache", 1),
  ];
}

/** The app's calls with one load. */
class Calls {
  readonly #app: CallFigures;
  readonly #missing: string | undefined;

  constructor(load: LoadFigures | undefined, missing: string | undefined) {
    const app = load?.get("app");
    if (!app) throw new Error("The app was not measured");
    this.#app = app;
    this.#missing = missing;
  }

  ahead(figure: string, other: Contestant, atLeast: number): Goal {
    const ratio = this.#app.ratio("perSecond", other)?.median;
    return this.#goal(figure, atLeast === 1 ? "ahead" : `≥ ${atLeast.toFixed(2)}`, ratio, (value) =>
      atLeast === 1 ? value > 1 : value >= atLeast,
    );
  }

  /** Than Microsoft.Identity.Web with either setting. */
  noSlower(figure: string): Goal {
    const ratios = (["identityWeb", "identityWebMemory"] as const).map(
      (name) => this.#app.ratio("p99Ms", name)?.median,
    );
    const worst = ratios.every((ratio) => ratio !== undefined) ? Math.max(...ratios) : undefined;
    return this.#goal(figure, "≤ 1.00", worst, (value) => value <= 1);
  }

  cpuOfFloor(): Goal {
    const ratio = this.#app.ratio("cpuMs", "floor")?.median;
    return this.#goal("CPU per API call, 64 connections, of the floor's", "≤ 0.66", ratio, (value) => value <= 0.66);
  }

  memory(): Goal {
    const megabytes = this.#app.residentBytes.median / 1e6;
    return {
      figure: "Resident memory under the load of 64 connections",
      goal: "≤ 200 MB",
      measured: `${Math.round(megabytes)} MB`,
      met: megabytes <= 200,
    };
  }

  #goal(figure: string, goal: string, ratio: number | undefined, isMet: (value: number) => boolean): Goal {
    const measured = ratio?.toFixed(2) ?? `not measured: ${this.#missing ?? "it did not take part"}`;
    return { figure, goal, measured, met: ratio !== undefined && isMet(ratio) };
  }
}
