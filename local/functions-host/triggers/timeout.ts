/** A function ran longer than host.json's `functionTimeout`. */
export class FunctionTimeoutError extends Error {
  override readonly name = "FunctionTimeoutError";
  constructor(limitMs: number) {
    super(`the function ran longer than functionTimeout (${limitMs / 1000} s)`);
  }
}

const longestTimer = 2 ** 31 - 1;

/**
 * The result of `work`, or a {@link FunctionTimeoutError} when it takes longer than `limitMs`. The work itself cannot be
 * stopped; what it comes to then is ignored.
 */
export function withTimeout<T>(work: Promise<T>, limitMs: number | undefined): Promise<T> {
  if (limitMs === undefined || limitMs > longestTimer) return work;
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    expired.reject(new FunctionTimeoutError(limitMs));
  }, limitMs);
  return Promise.race([work, expired.promise]).finally(() => {
    clearTimeout(timer);
  });
}
