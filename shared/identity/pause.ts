import { retryAfterMs } from "../http/retry-after.ts";
import { IdentityProviderUnavailableError } from "./errors.ts";

/**
 * Sends requests for one of the identity provider's documents, but none during a pause that it has asked for.
 * @throws {IdentityProviderUnavailableError} during a pause, and when the answer asks for one
 */
export type SendUnlessPaused = (send: () => Promise<Response>) => Promise<Response>;

export function sendUnlessPaused(): SendUnlessPaused {
  let pausedUntil = -Infinity;
  return async (send) => {
    const leftMs = pausedUntil - performance.now();
    if (leftMs > 0) throw new IdentityProviderUnavailableError(new Error("The endpoint asked for a pause"), leftMs);
    const response = await send();
    const pauseMs = response.ok ? 0 : retryAfterMs(response);
    if (pauseMs === 0) return response;
    pausedUntil = Math.max(pausedUntil, performance.now() + pauseMs);
    throw new IdentityProviderUnavailableError(new Error(`The endpoint answered ${response.status}`), pauseMs);
  };
}
