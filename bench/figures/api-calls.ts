import { accountKeyIn, apiCalls, appLoginPath, cookieHeader, signInAll } from "../sessions.ts";
import type { MeasuredServer } from "../servers.ts";
import type { LoadRequest } from "../parts/load.ts";
import { spread, type Spread } from "../statistics.ts";
import type { Stage } from "../stage.ts";

export const contestants = ["hello", "floor", "app", "expressOpenidConnect", "msalCache"] as const;
export type Contestant = (typeof contestants)[number];
export const connectionCounts = [1, 16, 64] as const;

/** One contestant with one load; each number summarizes the rounds. */
export interface CallFigures {
  readonly perSecond: Spread;
  /** Relative to the floor's in the same round. */
  readonly ofFloor: Spread;
  readonly p99Ms: Spread;
  readonly p99OfFloor: Spread;
  /** CPU of the server's process for one call, in milliseconds. */
  readonly cpuMs: Spread;
  readonly cpuBeyondFloorMs: Spread;
  readonly eventLoopDelayP99Ms: Spread;
}

export interface ApiCallFigures {
  readonly rounds: number;
  readonly byConnections: ReadonlyMap<number, ReadonlyMap<Contestant, CallFigures>>;
}

interface Entrant {
  readonly server: MeasuredServer;
  readonly requests: readonly LoadRequest[];
}

interface Measured {
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly cpuMs: number;
  readonly eventLoopDelayP99Ms: number;
}

/** Signed-in API calls of the app, the baselines and the peers in turns, with the same API and the same store. */
export async function measureApiCalls(
  stage: Stage,
  app: MeasuredServer,
  { rounds, durationMs }: { rounds: number; durationMs: number },
): Promise<ApiCallFigures> {
  const entrants = await enter(stage, app);
  for (const entrant of entrants.values()) await measure(stage, entrant, 16, 2 * durationMs);
  const byConnections = new Map<number, ReadonlyMap<Contestant, CallFigures>>();
  for (const connections of connectionCounts) {
    const all: Map<Contestant, Measured>[] = [];
    for (let round = 0; round < rounds; round++) {
      const measured = new Map<Contestant, Measured>();
      for (const [name, entrant] of entrants)
        measured.set(name, await measure(stage, entrant, connections, durationMs));
      all.push(measured);
      await stage.identity.call.clearApiRequests();
      await stage.cosmos.call.clearOperations();
    }
    byConnections.set(connections, summarize(all));
  }
  for (const [name, { server }] of entrants) if (name !== "app") await server.stop();
  return { rounds, byConnections };
}

async function enter(stage: Stage, app: MeasuredServer): Promise<ReadonlyMap<Contestant, Entrant>> {
  const browsers = await signInAll(app.url, appLoginPath);
  const tokens = (await stage.identity.call.issuedTokens()).filter((token) => /"scp":/.test(payloadOf(token)));
  const floor = await stage.startFloor(tokens.at(-1) ?? "");
  const { expressOpenidConnect, msalCache } = await stage.startPeers();
  return new Map<Contestant, Entrant>([
    ["hello", { server: await stage.startHello(), requests: [{ path: "/hello" }] }],
    ["floor", { server: floor, requests: browsers.map((each) => ({ path: `/floor/${accountKeyIn(each)}` })) }],
    ["app", { server: app, requests: apiCalls(browsers.map(cookieHeader)) }],
    [
      "expressOpenidConnect",
      { server: expressOpenidConnect, requests: await callsAt(expressOpenidConnect, () => "/login") },
    ],
    ["msalCache", { server: msalCache, requests: await callsAt(msalCache, (name) => `/login?login_hint=${name}`) }],
  ]);
}

async function callsAt(peer: MeasuredServer, loginPath: (username: string) => string): Promise<LoadRequest[]> {
  return apiCalls((await signInAll(peer.url, loginPath)).map(cookieHeader));
}

function payloadOf(token: string): string {
  return Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8");
}

async function measure(stage: Stage, entrant: Entrant, connections: number, durationMs: number): Promise<Measured> {
  const { server, requests } = entrant;
  const before = await server.read();
  const { answered, perSecond, p99 } = await stage.load({ origin: server.url, connections, requests, durationMs });
  const after = await server.read();
  const { eventLoopDelayP99Ms } = after;
  return { perSecond, p99Ms: p99, cpuMs: (after.cpuMs - before.cpuMs) / answered, eventLoopDelayP99Ms };
}

function summarize(rounds: readonly ReadonlyMap<Contestant, Measured>[]): ReadonlyMap<Contestant, CallFigures> {
  const over = (figure: (own: Measured, floor: Measured) => number, name: Contestant) =>
    spread(
      rounds.map((round) => {
        const [own, floor] = [round.get(name), round.get("floor")];
        return own && floor ? figure(own, floor) : NaN;
      }),
    );
  return new Map(
    contestants.map((name) => [
      name,
      {
        perSecond: over((own) => own.perSecond, name),
        ofFloor: over((own, floor) => own.perSecond / floor.perSecond, name),
        p99Ms: over((own) => own.p99Ms, name),
        p99OfFloor: over((own, floor) => own.p99Ms / floor.p99Ms, name),
        cpuMs: over((own) => own.cpuMs, name),
        cpuBeyondFloorMs: over((own, floor) => own.cpuMs - floor.cpuMs, name),
        eventLoopDelayP99Ms: over((own) => own.eventLoopDelayP99Ms, name),
      },
    ]),
  );
}
