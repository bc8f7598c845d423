import { withinDeadline } from "./deadline.ts";

/** A token request that several callers wait for. */
export interface Renewals {
  /**
   * Runs `request` once for all callers that read the same version of the same document for the same purpose, together
   * or shortly after one another. Sound because a caller proves by its own read that it saw that very version: whoever
   * reads later, after a sign-out or a renewal, has another version or none.
   * @param key session, purpose and version
   * @param signal of the caller, who waits no longer than that. The request goes on, for the others, and because what a
   *   token endpoint has issued must be stored: the earlier refresh token may be good for nothing any more
   * @param request gets a signal of its own
   * @throws {NoAnswerInTimeError} when the caller's time is up
   */
  share<T extends object>(key: string, signal: AbortSignal, request: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Shorter than a request's, so that whoever began it is told what went wrong. */
const timeoutMs = 7_000;

/** How long a finished request may still serve a caller that read the document just before the request changed it. */
const afterglowMs = 5_000;
const maxKept = 1_000;

export function renewals(): Renewals {
  const running = new Map<string, Promise<object>>();
  return {
    share: async <T extends object>(key: string, signal: AbortSignal, request: (signal: AbortSignal) => Promise<T>) => {
      const shared = running.get(key);
      // Entries are only ever added below, with the type that belongs to the key's purpose.
      if (shared) return withinDeadline(signal, shared as Promise<T>);
      const started = request(AbortSignal.timeout(timeoutMs));
      running.set(key, started);
      evictOldest(running);
      const forget = () => running.delete(key);
      started.then(() => setTimeout(forget, afterglowMs).unref(), forget);
      return withinDeadline(signal, started);
    },
  };
}

/** Oldest first, as a Map keeps them; whoever waits for an evicted one still gets its answer. */
function evictOldest(running: Map<string, unknown>): void {
  const [oldest] = running.keys();
  if (running.size > maxKept && oldest !== undefined) running.delete(oldest);
}
