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

/** How long the host waits after `functionTimeout` before it gives up; `FunctionsHost__TimeoutGraceMs` changes it. */
export function readGrace(env: NodeJS.ProcessEnv): number {
  const given = Number(env["FunctionsHost__TimeoutGraceMs"] ?? defaultGraceMs);
  return Number.isFinite(given) && given >= 0 ? given : defaultGraceMs;
}

/**
 * The result of `work`, or a {@link FunctionTimeoutError} if it takes longer than `limitMs` and the grace period. The
 * work itself cannot be stopped; its later result is ignored.
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
