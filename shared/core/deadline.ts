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
