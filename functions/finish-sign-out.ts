import type { InvocationContext, StorageQueueHandler } from "@azure/functions";
import type { App } from "../shared/app.ts";
import { isSignOutOrder } from "../shared/sign-out/order.ts";
import { carryOut } from "../shared/sign-out/sign-out.ts";
import { logTelemetry } from "../shared/telemetry.ts";

/** One attempt; the message comes back after the queue's visibility timeout. */
const attemptTimeoutMs = 30_000;

/**
 * Queue-triggered: finishes sign-outs that the store could not take when they were asked for. A message that fails stays
 * in the queue and comes back; after the last attempt the host moves it to `sign-outs-poison`, where it waits to be
 * looked at, and the event `signout_abandoned` says so.
 */
export function finishSignOut(app: App): StorageQueueHandler {
  return async (message, context) => {
    const telemetry = logTelemetry(context);
    if (!isSignOutOrder(message)) {
      telemetry.error("signout_abandoned", { reason: "not an order" });
      throw new Error("The message is not a sign-out order");
    }
    const signal = AbortSignal.timeout(attemptTimeoutMs);
    try {
      await carryOut(app, message, { signal, telemetry, finishLater }, { late: true });
    } catch (error) {
      const attempt = attemptOf(context);
      if (attempt >= maxAttempts) telemetry.error("signout_abandoned", { origin: message.origin, attempt });
      throw error;
    }
  };
}

/** There is nothing later than this: a failure goes back to the queue by itself. */
function finishLater(): void {}

/** `extensions.queues.maxDequeueCount` of host.json, which the host does not tell. */
const maxAttempts = 120;

function attemptOf({ triggerMetadata }: InvocationContext): number {
  const count = Number(triggerMetadata?.["dequeueCount"]);
  return Number.isInteger(count) ? count : 0;
}
