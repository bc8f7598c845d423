import { shared, whileAsked } from "../core/waiting.ts";
import type { StoreClock } from "./clock.ts";

const lookTimeoutMs = 1_000;

/**
 * Asks the store for its time unless that is known. Waits a second at most, and never rejects: if the time stays unknown,
 * whatever is in doubt counts as signed out. Callers at the same time share one request.
 * @param look sends a request to the store, and `clock` learns from the answer
 */
export function timeLearner(
  clock: Pick<StoreClock, "bounds">,
  look: (signal: AbortSignal) => Promise<void>,
): () => Promise<void> {
  const lookOnce = shared(async () => look(AbortSignal.timeout(lookTimeoutMs)).catch(() => undefined), whileAsked);
  return async () => {
    if (!clock.bounds()) await lookOnce();
  };
}
