import type { App } from "../app/app.ts";
import type { SigningOut } from "./signing-out.ts";
import { conditionOf } from "../core/errors.ts";
import { QueueUnavailableError } from "../queue/errors.ts";
import { SignOutDeferredError, SignOutFailedError } from "./deferred.ts";
import type { SignOutOrder } from "./order.ts";
import { messageOf } from "./queue.ts";

/** What is left for the queue of the 10 s that nobody waits longer than, when the store has used up its part. */
const queueTimeoutMs = 3_500;

/** Puts a sign-out into the queue. @throws {QueueUnavailableError} unless it is there for certain */
export async function putIntoQueue(app: App, order: SignOutOrder): Promise<void> {
  await app.signOutQueue.put(messageOf(order), AbortSignal.timeout(queueTimeoutMs));
}

/**
 * Leaves a sign-out that the store did not take to the queue.
 * @returns what whoever asked is to be told: that it will be finished, or that it will not be
 */
export async function deferred(
  order: SignOutOrder,
  { defer, telemetry }: SigningOut,
  cause: unknown,
): Promise<SignOutDeferredError | SignOutFailedError> {
  const { origin } = order;
  const code = conditionOf(cause);
  try {
    await defer(order);
  } catch (error) {
    const reason = error instanceof QueueUnavailableError ? error.reason : "unknown";
    telemetry.error("signout_not_queued", { origin, code, reason });
    return new SignOutFailedError(error);
  }
  telemetry.warn("signout_deferred", { origin, code });
  return new SignOutDeferredError(cause);
}
