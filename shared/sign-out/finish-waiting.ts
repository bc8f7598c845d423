import type { App } from "../app/app.ts";
import { problemCodeOf } from "../core/errors.ts";
import { QueueUnavailableError } from "../queue/errors.ts";
import type { QueueMessage } from "../queue/queue.ts";
import type { Telemetry } from "../telemetry/log.ts";
import { currentTrace, runFunction } from "../telemetry/activity.ts";
import { contentOf, isSignOutOrder } from "./queue-message.ts";
import { finishSignOut } from "./finish-sign-out.ts";

/** The number of sign-outs that are finished at the same time. */
const atOnce = 8;
/** Time limit of one attempt at one sign-out. */
const attemptTimeoutMs = 30_000;
/** Longer than an attempt. If an instance ends meanwhile, its messages appear again after this time. */
const hiddenSeconds = 60;
const queueTimeoutMs = 10_000;

/** The outcome for one message. "unreachable": the store could not be reached, so no other message would succeed either. */
type Outcome = "finished" | "refused" | "unreachable";

/**
 * Finishes the sign-outs that wait in the queue, until none is due, the store cannot be reached, or `signal` aborts. One that
 * fails comes back after a while; after the last attempt it goes to `sign-outs-poison`, and the event `signout_abandoned` says
 * so. Any number of instances may do this at the same time: a message that one has received is hidden from the others, and
 * finishing a sign-out twice changes nothing.
 * @returns whether any is left, now or later
 * @throws {QueueUnavailableError} when the queue cannot be read
 */
export async function finishWaiting(app: App, telemetry: Telemetry, signal: AbortSignal): Promise<boolean> {
  try {
    let goesOn = true;
    while (goesOn && !signal.aborted) goesOn = await finishSome(app, telemetry);
    return (await app.signOutQueue.count(soon())) > 0;
  } catch (error) {
    if (error instanceof QueueUnavailableError) reportQueue(error, telemetry);
    throw error;
  }
}

/** @returns whether to go on: not if there was none, nor if all failed because the store is down. The others keep their attempts */
async function finishSome(app: App, telemetry: Telemetry): Promise<boolean> {
  const messages = await app.signOutQueue.receive({ count: atOnce, hiddenSeconds }, soon());
  const outcomes = await Promise.all(messages.map(async (message) => finishOne(app, message, telemetry)));
  return outcomes.some((outcome) => outcome !== "unreachable");
}

/** Each message is an invocation of its own, with request units of its own. Never rejects. */
async function finishOne(app: App, message: QueueMessage, telemetry: Telemetry): Promise<Outcome> {
  const { traceId, spanId } = currentTrace() ?? {};
  const traceParent = traceId && spanId && `00-${traceId}-${spanId}-${currentTrace()?.sampled ? "01" : "00"}`;
  const call = { name: "finish-sign-out", trigger: "queue", traceParent } as const;
  return runFunction(
    call,
    async () => attempt(app, message, telemetry),
    (outcome) => ({ success: "value" in outcome && outcome.value === "finished", resultCode: "0" }),
  );
}

async function attempt(app: App, message: QueueMessage, telemetry: Telemetry): Promise<Outcome> {
  const order = contentOf(message.text);
  // A newer version of the app may have written this message, and may receive it next time.
  if (!isSignOutOrder(order)) {
    telemetry.error("signout_unreadable", { attempt: message.attempt });
    return returnToQueue(app, message, "unknown", telemetry, "refused");
  }
  try {
    await finishSignOut(app, order, { signal: AbortSignal.timeout(attemptTimeoutMs), telemetry });
  } catch (error) {
    const isUnreachable = problemCodeOf(error) === "store_unavailable";
    return returnToQueue(app, message, order.origin, telemetry, isUnreachable ? "unreachable" : "refused");
  }
  // If this fails, the message comes back, and there is nothing left to do.
  await app.signOutQueue.remove(message, soon()).catch((error: unknown) => reportQueue(error, telemetry));
  return "finished";
}

/** Postpones the message or, after its last attempt, puts it aside, where an operator can look at it. */
async function returnToQueue(
  app: App,
  message: QueueMessage,
  origin: string,
  telemetry: Telemetry,
  outcome: Outcome,
): Promise<Outcome> {
  const { maxAttempts, retrySeconds } = app.configuration.signOut;
  try {
    if (message.attempt < maxAttempts) {
      await app.signOutQueue.postpone(message, retrySeconds, soon());
    } else {
      await app.signOutQueue.putAside(message, soon());
      telemetry.error("signout_abandoned", { origin, attempt: message.attempt });
    }
  } catch (error) {
    // The message comes back by itself.
    reportQueue(error, telemetry);
  }
  return outcome;
}

function reportQueue(error: unknown, telemetry: Telemetry): void {
  const { operation, reason } =
    error instanceof QueueUnavailableError ? error : { operation: "unknown", reason: "unknown" };
  telemetry.error("signout_queue_unavailable", { operation, reason });
}

function soon(): AbortSignal {
  return AbortSignal.timeout(queueTimeoutMs);
}
