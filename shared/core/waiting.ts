import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";

/**
 * The time for everything that a request waits for, in milliseconds, except for an API, which has its own. With the time for
 * cleaning up and sending, no answer of the app's own takes longer than 10 s.
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
 * The result of `work`, or a rejection as soon as `signal` aborts. For work that is shared with others and goes on for
 * them: only the waiting ends.
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

/** Waits before attempt `attempt + 1`: at least as long as asked for, else exponential with full jitter. */
export async function backOff(attempt: number, atLeastMs: number, signal: AbortSignal): Promise<void> {
  const jitter = Math.random() * Math.min(1_000, 25 * 2 ** attempt);
  await sleep(Math.max(atLeastMs, jitter), undefined, { signal }).catch(() => undefined);
}

/** How long a result goes on to serve those who ask, in milliseconds; {@link whileAsked} and {@link forGood} are the extremes. */
export type KeepMs<T> = (result: T) => number;

/** A result serves those who asked while the work was under way. */
export const whileAsked = () => 0;

/** A result serves for as long as the process lives. */
export const forGood = () => Infinity;

/**
 * `work`, done once for all who ask while it is under way, and again only when its result has served its time. A failure is
 * for those who waited for it: whoever asks next has the work done again. It needs a time limit of its own: the next who ask
 * wait for the same.
 */
export function shared<T>(work: () => Promise<T>, keepMs: KeepMs<T>): () => Promise<T> {
  const share = sharedByKey(keepMs, 1);
  return async () => share("", work);
}

/**
 * The same for many kinds of work, each named by a key that says everything its result depends on.
 * @param maxKept so many keys; of more, those asked for the longest ago are forgotten. Who waits for one gets its result
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

/** Requests for tokens that several callers wait for, each done once for all of them. */
export interface SharedWork {
  /**
   * Runs `work` once for all callers with the same key, together or shortly after one another. The app uses it for token
   * requests, with a key that holds the version of the document that the caller has read. That is sound because a caller
   * proves by its own read that it saw that very version: whoever reads later, after a sign-out or a renewal, has another
   * version or none.
   * @param key names the work and everything that its result depends on
   * @param signal of the caller, who waits no longer than that. The work goes on, for the others, and because what a token
   *   endpoint has issued must be stored: the earlier refresh token may be good for nothing any more
   * @param work gets a signal of its own
   * @throws {NoAnswerInTimeError} when the caller's time is up
   */
  share<T extends object>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Shorter than a request's, so that the caller who began it is told what went wrong. */
const timeoutMs = 7_000;

/** How long a result may still serve a caller that read the document just before the work changed it. */
const afterglowMs = 5_000;
const maxKept = 1_000;

export function sharedWork(): SharedWork {
  const share = sharedByKey<object>(() => afterglowMs, maxKept);
  return {
    share: async <T extends object>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => {
      const result = share(key, async () => work(AbortSignal.timeout(timeoutMs)));
      // What is kept under a key is of the type that belongs to the key's purpose.
      return withinDeadline(signal, result as Promise<T>);
    },
  };
}
