import { backOff, withinDeadline } from "../core/waiting.ts";
import { StoreContentionError } from "./errors.ts";
import type { Versioned } from "./point-operations.ts";

/** The outcome of one attempt at a change: its result, or a refusal with the document as others have left it. */
export type Attempt<T, R> =
  | { readonly outcome: "settled"; readonly result: R }
  | {
      readonly outcome: "refused";
      readonly current: Versioned<T> | undefined;
      /** What the change fails with if this was the last attempt. By default, the others' writes are to blame. */
      readonly failure?: Error;
    };

export const settledWith = <R>(result: R) => ({ outcome: "settled", result }) as const;

export interface Readable<T> {
  read(id: string, signal: AbortSignal): Promise<Versioned<T> | undefined>;
}

/** Enough for the request's time to run out first if others keep writing: the waits add up to about ten seconds. */
const maxAttempts = 24;

/**
 * Repeats a change of one document for as long as others' writes come first. The second attempt follows at once, on the
 * document that came with the refusal. Each later attempt waits for a random while and reads the document again afterwards,
 * because what was read before the wait would be out of date.
 * @param seen the document as last read; undefined if there was none
 * @throws {StoreContentionError} when the attempts or the time are used up, unless the last attempt names its own failure
 */
export async function untilSettled<T, R>(
  operations: Readable<T>,
  id: string,
  seen: Versioned<T> | undefined,
  change: (current: Versioned<T> | undefined, attempt: number) => Promise<Attempt<T, R>>,
  signal: AbortSignal,
): Promise<R> {
  let current = seen;
  let failure: Error | undefined;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const tried = await change(current, attempt);
    if (tried.outcome === "settled") return tried.result;
    ({ current, failure } = tried);
    if (attempt > 1) await backOff(attempt, 0, signal);
    if (signal.aborted) break;
    if (attempt > 1) current = await operations.read(id, signal);
  }
  throw failure ?? new StoreContentionError();
}

const turns = new WeakMap<object, Map<string, Promise<void>>>();

/** A change that takes longer than this, in milliseconds, does not keep the next one waiting. */
const longestTurnMs = 500;

/**
 * Runs this instance's changes of one document one after another: at the same time, they would run into conflicts over and
 * over. Only speed depends on it, because other instances write at any time.
 * @param work gets whether it had to wait: then what was read before is out of date
 */
export async function inTurn<T>(
  operations: object,
  id: string,
  work: (waited: boolean) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const last = turns.get(operations) ?? new Map<string, Promise<void>>();
  turns.set(operations, last);
  const before = last.get(id);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  last.set(id, over);
  if (before) await withinDeadline(signal, before).catch(() => undefined);
  const timer = setTimeout(end, longestTurnMs);
  try {
    return await work(before !== undefined);
  } finally {
    clearTimeout(timer);
    end();
    if (last.get(id) === over) last.delete(id);
  }
}
