import { setTimeout as sleep } from "node:timers/promises";

/** Waits before attempt `attempt + 1`: at least as long as asked for, else exponential with full jitter. */
export async function backOff(attempt: number, atLeastMs: number, signal: AbortSignal): Promise<void> {
  const jitter = Math.random() * Math.min(1_000, 25 * 2 ** attempt);
  await sleep(Math.max(atLeastMs, jitter), undefined, { signal }).catch(() => undefined);
}
