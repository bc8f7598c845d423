import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";

/**
 * Time limit, in milliseconds, for everything that a request waits for except APIs, which have limits of their own. Including
 * clean-up and sending, none of the app's own answers takes longer than 10 s.
 */
export const ownTimeMs = 8_000;

/** The time was up before there was a result. */
export class NoAnswerInTimeError extends Error {
  constructor() {
    super("No answer in time");
    this.name = "NoAnswerInTimeError";
  }
}

/**
 * Waits for `work` until `signal` aborts. Only the waiting ends then: the work goes on for others who share it.
 * @throws {NoAnswerInTimeError} when `signal` has aborted
 */
export async function withinDeadline<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const expired = Promise.withResolvers<never>();
  const expire = () => expired.reject(new NoAnswerInTimeError());
  if (signal.aborted) expire();
  signal.addEventListener("abort", expire, { once: true });
  try {
    return await Promise.race([work, expired.promise]);
  } finally {
    signal.removeEventListener("abort", expire);
  }
}

/** A time limit that can be lifted. */
export interface Deadline {
  /** Aborts when the time is up. */
  readonly signal: AbortSignal;
  /** Lifts the limit. */
  readonly lift: () => void;
}

/**
 * For what happens with every request. A signal of `AbortSignal.timeout` aborts long after the work is done, thousands of them at
 * a time under load, and keeps everything that listens to it in memory until then.
 */
export function deadlineIn(ms: number): Deadline {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new NoAnswerInTimeError()), ms).unref();
  return { signal: limit.signal, lift: () => clearTimeout(timer) };
}

/**
 * Waits for `work` for `ms` at most, and until `outer` aborts.
 * @param work gets a signal that aborts then
 * @throws {NoAnswerInTimeError}
 */
export async function withinTime<T>(
  outer: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const expired = Promise.withResolvers<never>();
  const expire = () => {
    limit.abort();
    expired.reject(new NoAnswerInTimeError());
  };
  const timer = setTimeout(expire, ms);
  if (outer.aborted) expire();
  outer.addEventListener("abort", expire);
  try {
    return await Promise.race([work(limit.signal), expired.promise]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener("abort", expire);
  }
}

/** A result, or the error instead of it. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** Waits for the end of `work`, whatever it is. Never rejects. */
export async function settled<T>(work: Promise<T>): Promise<Settled<T>> {
  return work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** Waits before attempt `attempt + 1`: exponential back-off with full jitter, at least `atLeastMs`, and not past `signal`. */
export async function backOff(attempt: number, atLeastMs: number, signal: AbortSignal): Promise<void> {
  const jitter = Math.random() * Math.min(1_000, 25 * 2 ** attempt);
  await sleep(Math.max(atLeastMs, jitter), undefined, { signal }).catch(() => undefined);
}

/** For how many milliseconds later callers get the same result; {@link whileAsked} and {@link forGood} are the extremes. */
export type KeepMs<T> = (result: T) => number;

/** Only callers that asked while the work was under way get its result. */
export const whileAsked = () => 0;

/** Callers get the same result for as long as the process lives. */
export const forGood = () => Infinity;

/**
 * Runs `work` once for all callers that ask while it is under way, and again once `keepMs` has passed. A failure reaches only
 * those who waited for it: the next caller starts the work again. `work` needs a time limit of its own, because callers that
 * come later wait for the same run.
 */
export function shared<T>(work: () => Promise<T>, keepMs: KeepMs<T>): () => Promise<T> {
  const share = sharedByKey(keepMs, 1);
  return async () => share("", work);
}

/**
 * Like {@link shared}, for many keys. A key names everything that the result of its work depends on.
 * @param maxKept number of keys. Beyond it, the least recently used are dropped; those who wait for one still get its result
 */
export function sharedByKey<T>(
  keepMs: KeepMs<T>,
  maxKept: number,
): (key: string, work: () => Promise<T>) => Promise<T> {
  const kept = new LRUCache<string, Promise<T>>({ max: maxKept, ttlAutopurge: true, ttlResolution: 0 });
  const keep = (key: string, started: Promise<T>, ttl: number) => {
    if (kept.peek(key) !== started) return;
    if (ttl === 0) kept.delete(key);
    else if (ttl < Infinity) kept.set(key, started, { ttl });
  };
  return async (key, work) => {
    const known = kept.get(key);
    if (known) return known;
    const started = work();
    kept.set(key, started);
    started.then(
      (result) => keep(key, started, keepMs(result)),
      () => keep(key, started, 0),
    );
    return started;
  };
}

/** Runs a request for tokens once for all callers that need the same one. */
export interface SharedWork {
  /**
   * Runs `work` once for callers with the same key that ask while it is under way or shortly afterwards. The app uses it for
   * token requests, and the key holds the version of the document that the caller has read. A caller that reads the document
   * after a sign-out or a renewal finds another version or none, so it never gets an earlier result.
   * @param key names the work and everything that its result depends on
   * @param signal ends the caller's waiting. The work goes on for the others, and because new tokens must be stored: the
   *   earlier refresh token may have become useless
   * @param work gets a signal of its own
   * @throws {NoAnswerInTimeError} when the caller's time is up
   */
  share<T extends object>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Shorter than a request's own limit, so that the caller that started the work learns why it failed. */
const timeoutMs = 7_000;

/** How long a result may still serve a caller that read the document just before the work changed it. */
const reusedForMs = 5_000;
const maxKept = 1_000;

export function sharedWork(): SharedWork {
  const share = sharedByKey<object>(() => reusedForMs, maxKept);
  return {
    share: async <T extends object>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => {
      const result = share(key, async () => work(AbortSignal.timeout(timeoutMs)));
      // Each key is for one kind of work, so its results have one type.
      return withinDeadline(signal, result as Promise<T>);
    },
  };
}
