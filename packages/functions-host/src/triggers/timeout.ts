/** A function ran longer than host.json's `functionTimeout`. */
export class FunctionTimeoutError extends Error {
  override readonly name = "FunctionTimeoutError";
  constructor(limitMs: number) {
    super(`the function ran longer than functionTimeout (${limitMs / 1000} s)`);
  }
}

const longestTimer = 2 ** 31 - 1;

/** As measured: a limit of 4 seconds shows after 16. */
const defaultGraceMs = 12_000;

/** How long the host waits after `functionTimeout` until it gives up; `FunctionsHost__TimeoutGraceMs` says otherwise. */
export function readGrace(env: NodeJS.ProcessEnv): number {
  const given = Number(env["FunctionsHost__TimeoutGraceMs"] ?? defaultGraceMs);
  return Number.isFinite(given) && given >= 0 ? given : defaultGraceMs;
}

/**
 * The result of `work`, or a {@link FunctionTimeoutError} when it takes longer than `limitMs` and the grace
 * after it. The work itself cannot be stopped; what it comes to then is ignored.
 */
export function withTimeout<T>(work: Promise<T>, limitMs: number | undefined, graceMs: number): Promise<T> {
  if (limitMs === undefined || limitMs + graceMs > longestTimer) return work;
  const expired = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    expired.reject(new FunctionTimeoutError(limitMs));
  }, limitMs + graceMs);
  return Promise.race([work, expired.promise]).finally(() => {
    clearTimeout(timer);
  });
}
