import { requestUnitsSoFar } from "../telemetry/activity.ts";

export interface Cost {
  readonly durationMs: number;
  /** Of every operation made for the sign-out. */
  readonly requestUnits: number;
}

/**
 * Starts to measure what a sign-out costs.
 * @param isRead whether the account's document was read before: then the invocation has done nothing else so far
 */
export function costMeter(isRead: boolean): () => Cost {
  const startedAt = performance.now();
  const spentBefore = isRead ? 0 : requestUnitsSoFar();
  return () => ({
    durationMs: Math.round(performance.now() - startedAt),
    requestUnits: Math.round((requestUnitsSoFar() - spentBefore) * 100) / 100,
  });
}
