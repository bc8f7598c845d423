import type { Contestant, Entrant, Entrants } from "../entrants.ts";
import { totalOf } from "../parts/reading.ts";
import { spread, type Spread } from "../statistics.ts";
import type { Stage } from "../stage.ts";

export const connectionCounts = [1, 16, 64] as const;

/** One contestant in one round. */
interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answersMeanwhileP99: number;
  /** CPU of the server's processes for one call, in milliseconds. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly eventLoopDelayP99Ms: number;
  /** CPUs that the stand-ins and the load generator kept busy meanwhile. */
  readonly aroundBusyCpus: number;
}

/** One contestant with one load; each number summarizes the rounds. */
export type CallFigures = { readonly [Name in keyof Measured]: Spread } & {
  /** A figure relative to another contestant's in the same round; undefined if most rounds have none. */
  ratio(figure: keyof Measured, to: Contestant): Spread | undefined;
};

export type LoadFigures = ReadonlyMap<Contestant, CallFigures>;

export interface ApiCallFigures {
  readonly rounds: number;
  readonly byConnections: ReadonlyMap<number, LoadFigures>;
}

export interface Rounds {
  readonly rounds: number;
  /** Calls of each contestant before the first round. Compilers are then as they are after hours. */
  readonly warmCalls: number;
  /** Of each contestant's turn, what does not count and what does. */
  readonly warmMs: number;
  readonly durationMs: number;
}

/** Calls of the contestants in turns, with the same API and the same store. */
export async function measureApiCalls(
  stage: Stage,
  entrants: Entrants,
  rounds: Rounds,
  connections: readonly number[] = connectionCounts,
): Promise<ApiCallFigures> {
  for (const entrant of entrants.values()) await warmUp(stage, entrant, rounds.warmCalls);
  const byConnections = new Map<number, LoadFigures>();
  for (const count of connections) byConnections.set(count, await measureRounds(stage, entrants, count, rounds));
  return { rounds: rounds.rounds, byConnections };
}

/** Longer than that, a slow machine does not warm a server up. */
const longestWarmUpMs = 15_000;

/** So many calls and not for so long: a slow server would otherwise be measured colder than a fast one. */
async function warmUp(stage: Stage, { server, requests }: Entrant, calls: number): Promise<void> {
  const { url: origin, probes } = server;
  const end = performance.now() + longestWarmUpMs;
  for (let left = calls; left > 0 && performance.now() < end;) {
    const window = { origin, connections: 16, requests, warmMs: 0, durationMs: 500, probes };
    left -= (await stage.loadForAWhile(window)).answered;
  }
  await clearRecords(stage);
}

/** What the stand-ins remember of each request. */
async function clearRecords({ identity, cosmos }: Stage): Promise<void> {
  await identity.call.clearApiRequests();
  await cosmos.call.clearOperations();
}

async function measureRounds(
  stage: Stage,
  entrants: Entrants,
  connections: number,
  rounds: Rounds,
): Promise<LoadFigures> {
  const all: ReadonlyMap<Contestant, Measured>[] = [];
  for (let round = 0; round < rounds.rounds; round++) {
    const measured = new Map<Contestant, Measured>();
    for (const [name, entrant] of rotated([...entrants], round))
      measured.set(name, await measure(stage, entrant, connections, rounds));
    all.push(measured);
    await clearRecords(stage);
  }
  return new Map([...entrants.keys()].map((name) => [name, summaryOf(all, name)]));
}

/** Each goes first in its turn: whoever follows a busy neighbour may find a warm or a hot machine. */
function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const from = by % list.length;
  return [...list.slice(from), ...list.slice(0, from)];
}

async function measure(
  stage: Stage,
  { server, requests }: Entrant,
  connections: number,
  { warmMs, durationMs }: Rounds,
): Promise<Measured> {
  const { url: origin, probes } = server;
  const result = await stage.loadForAWhile({ origin, connections, requests, warmMs, durationMs, probes });
  const { perSecond, p50, p99, answersMeanwhileP99, busyCpus, readings, aroundBusyCpus } = result;
  return {
    perSecond,
    p50Ms: p50,
    p99Ms: p99,
    answersMeanwhileP99,
    cpuMs: (busyCpus * 1000) / perSecond,
    residentBytes: totalOf(readings, "residentBytes"),
    eventLoopDelayP99Ms: Math.max(...readings.map((reading) => reading.eventLoopDelayP99Ms)),
    aroundBusyCpus,
  };
}

/** A server that has answered nothing in a round has no figures there: nothing, and not zero. */
function summaryOf(all: readonly ReadonlyMap<Contestant, Measured>[], name: Contestant): CallFigures {
  const answeredBy = (contestant: Contestant) => (round: ReadonlyMap<Contestant, Measured>) =>
    (round.get(contestant)?.perSecond ?? 0) > 0;
  const rounds = all.filter(answeredBy(name));
  const of = (figure: keyof Measured) => spread(rounds.map((round) => round.get(name)?.[figure] ?? NaN));
  return {
    perSecond: of("perSecond"),
    p50Ms: of("p50Ms"),
    p99Ms: of("p99Ms"),
    answersMeanwhileP99: of("answersMeanwhileP99"),
    cpuMs: of("cpuMs"),
    residentBytes: of("residentBytes"),
    eventLoopDelayP99Ms: of("eventLoopDelayP99Ms"),
    aroundBusyCpus: of("aroundBusyCpus"),
    ratio(figure, to) {
      const both = rounds.filter(answeredBy(to));
      const ratios = both.map((round) => (round.get(name)?.[figure] ?? NaN) / (round.get(to)?.[figure] ?? NaN));
      return 2 * ratios.length > all.length ? spread(ratios) : undefined;
    },
  };
}
