import { setTimeout as delay } from "node:timers/promises";
import { ConnectionLoad, type LoadRequest } from "./connection-load.ts";
import { serve } from "./part.ts";
import { busyCpus, readProbes, type Reading } from "./reading.ts";
import { Tally } from "./tally.ts";

export type { LoadRequest } from "./connection-load.ts";

export interface LoadPlan {
  readonly origin: string;
  readonly connections: number;
  /** Sent in turn, over any free connection; starts again when all have been sent. */
  readonly requests: readonly LoadRequest[];
  readonly count: number;
}

export interface WindowPlan extends Omit<LoadPlan, "count"> {
  /** The same load before the measured time, in which connections are opened, here and behind the server. */
  readonly warmMs: number;
  readonly durationMs: number;
  /** Ports of the server's probes, which are read at both ends of the measured time. */
  readonly probes: readonly number[];
}

/** Times in milliseconds. */
export interface LoadResult {
  readonly answered: number;
  /** Answers that were not a success, by status; 0 for none at all. */
  readonly failures: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  readonly perSecond: number;
  readonly bytesPerSecond: number;
  /** To the head of an answer, which comes with its first bytes. */
  readonly firstByteP50: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers that came while one was waited for, with that one: as many as connections if all are served in turn. */
  readonly answersMeanwhileP99: number;
}

export interface WindowResult extends LoadResult {
  /** By the server's processes. */
  readonly busyCpus: number;
  /** Of the server's processes, at the end. */
  readonly readings: readonly Reading[];
}

/** So many requests, as fast as they are answered: each connection sends its next request when it has its answer. */
async function run({ count, ...plan }: LoadPlan): Promise<LoadResult> {
  const tally = new Tally();
  let sent = 0;
  const load = new ConnectionLoad(plan, { isOver: () => sent++ >= count, tally: () => tally });
  await load.ended;
  return tally.result();
}

/** The same for a time, of which the beginning does not count. */
async function runWindow({ warmMs, durationMs, probes, ...plan }: WindowPlan): Promise<WindowResult> {
  let tally = new Tally();
  let isOver = false;
  const load = new ConnectionLoad(plan, { isOver: () => isOver, tally: () => tally });
  await delay(warmMs);
  const before = await readProbes(probes);
  tally = new Tally();
  await delay(durationMs);
  const result = tally.result();
  const after = await readProbes(probes);
  isOver = true;
  await load.ended;
  return { ...result, busyCpus: busyCpus(before, after), readings: after };
}

const methods = { run, runWindow };
export type LoadMethods = typeof methods;
serve(methods);
