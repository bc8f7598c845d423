import type { App } from "../app/app.ts";
import { problemCodeOf } from "../core/errors.ts";
import type { QueueUnavailableError } from "../queue/errors.ts";
import { contentOf } from "../queue/message.ts";
import type { QueueMessage } from "../queue/queue.ts";
import { processQueue, type WorkOutcome } from "../queue/process-queue.ts";
import type { Telemetry } from "../telemetry/log.ts";
import { runFunction } from "../telemetry/activity.ts";
import { isSignOutOrder } from "./queue-message.ts";
import { finishSignOut } from "./finish-sign-out.ts";

/** Time limit of one attempt at one sign-out. */
const attemptTimeoutMs = 30_000;

/**
 * Finishes the sign-outs that wait in the queue, until none is due, the store cannot be reached, or `signal` aborts. One that
 * fails comes back after a while; after the last attempt it goes to `sign-outs-poison`, and the event `signout_abandoned` says
 * so. Any number of instances may do this at the same time, because finishing a sign-out twice changes nothing.
 * @returns whether any is left, now or later
 * @throws {QueueUnavailableError} when the queue cannot be read
 */
export async function finishWaiting(app: App, telemetry: Telemetry, signal: AbortSignal): Promise<boolean> {
  const { maxAttempts, retrySeconds } = app.configuration.signOut;
  const work = {
    maxAttempts,
    retrySeconds,
    attempt: async (message: QueueMessage) => finishOne(app, message, telemetry),
    abandoned: (message: QueueMessage) =>
      telemetry.error("signout_abandoned", { origin: originOf(message.text), attempt: message.attempt }),
    queueFailed: ({ operation, reason }: QueueUnavailableError) =>
      telemetry.error("signout_queue_unavailable", { operation, reason }),
  };
  return processQueue(app.signOutQueue, work, signal);
}

/** Each message is an invocation of its own, with request units of its own. Never rejects. */
async function finishOne(app: App, message: QueueMessage, telemetry: Telemetry): Promise<WorkOutcome> {
  const call = { name: "finish-sign-out", trigger: "queue", traceParent: undefined } as const;
  return runFunction(
    call,
    async () => attempt(app, message, telemetry),
    (outcome) => ({ success: "value" in outcome && outcome.value === "finished", attributes: {} }),
  );
}

async function attempt(app: App, message: QueueMessage, telemetry: Telemetry): Promise<WorkOutcome> {
  const order = contentOf(message.text);
  // A newer version of the app may have written this message, and may receive it next time.
  if (!isSignOutOrder(order)) {
    telemetry.error("signout_unreadable", { attempt: message.attempt });
    return { othersMaySucceed: true };
  }
  try {
    await finishSignOut(app, order, { signal: AbortSignal.timeout(attemptTimeoutMs), telemetry });
    return "finished";
  } catch (error) {
    return { othersMaySucceed: problemCodeOf(error) !== "store_unavailable" };
  }
}

function originOf(text: string): string {
  const order = contentOf(text);
  return isSignOutOrder(order) ? order.origin : "unknown";
}
