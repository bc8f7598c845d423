import { withinDeadline } from "./deadline.ts";

/** Work that several callers wait for, done once for all of them. */
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
  const running = new Map<string, Promise<object>>();
  return {
    share: async <T extends object>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>) => {
      const shared = running.get(key);
      // Entries are only ever added below, with the type that belongs to the key's purpose.
      if (shared) return withinDeadline(signal, shared as Promise<T>);
      const started = work(AbortSignal.timeout(timeoutMs));
      running.set(key, started);
      evictOldest(running);
      const forget = () => running.delete(key);
      started.then(() => setTimeout(forget, afterglowMs).unref(), forget);
      return withinDeadline(signal, started);
    },
  };
}

/** A Map keeps its entries in the order in which they came. Callers who wait for an evicted one still get its answer. */
function evictOldest(running: Map<string, unknown>): void {
  const [oldest] = running.keys();
  if (running.size > maxKept && oldest !== undefined) running.delete(oldest);
}
