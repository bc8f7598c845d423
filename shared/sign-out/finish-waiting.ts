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

/** The fate of one message. "unreachable": the store could not be reached, so no other would succeed either. */
type Fate = "finished" | "refused" | "unreachable";

/**
 * Finishes the sign-outs that wait in the queue, until none is due, the store cannot be reached, or `signal` aborts. One that
 * fails comes back after a while; after the last attempt it goes to `sign-outs-poison`, and the event `signout_abandoned` says
 * so. Any number of instances may do this at the same time: a message that one has received is hidden from the others, and
 * finishing a sign-out twice changes nothing.
 * @returns whether any is left, now or later
 * @throws {QueueUnavailableError} when the queue cannot be read
 */
export async function finishWaiting(app: App, telemetry: Telemetry, signal: AbortSignal): Promise<boolean> {
  const receive = async (count: number) => app.signOutQueue.receive({ count, hiddenSeconds }, soon());
  let inVain = 0;
  const finishFrom = async (first: QueueMessage) => {
    for (let message: QueueMessage | undefined = first; message;) {
      inVain = (await finishOne(app, message, telemetry)) === "unreachable" ? inVain + 1 : 0;
      // If the store is down, the other messages keep their attempts for later.
      [message] = inVain < atOnce && !signal.aborted ? await receive(1) : [];
    }
  };
  try {
    const runs = await Promise.allSettled((await receive(atOnce)).map(finishFrom));
    const failed = runs.find((run) => run.status === "rejected");
    if (failed) throw failed.reason;
    return (await app.signOutQueue.count(soon())) > 0;
  } catch (error) {
    if (error instanceof QueueUnavailableError) reportQueue(error, telemetry);
    throw error;
  }
}

/** Each message is an invocation of its own, with request units of its own. Never rejects. */
async function finishOne(app: App, message: QueueMessage, telemetry: Telemetry): Promise<Fate> {
  const { traceId, spanId } = currentTrace() ?? {};
  const traceParent = traceId && spanId && `00-${traceId}-${spanId}-${currentTrace()?.sampled ? "01" : "00"}`;
  const call = { name: "finish-sign-out", trigger: "queue", traceParent } as const;
  return runFunction(
    call,
    async () => attempt(app, message, telemetry),
    (outcome) => ({ success: "value" in outcome && outcome.value === "finished", resultCode: "0" }),
  );
}

async function attempt(app: App, message: QueueMessage, telemetry: Telemetry): Promise<Fate> {
  const order = contentOf(message.text);
  // A newer version of the app may have written this message, and may receive it next time.
  if (!isSignOutOrder(order)) {
    telemetry.error("signout_unreadable", { attempt: message.attempt });
    return giveBack(app, message, "unknown", telemetry, "refused");
  }
  try {
    await finishSignOut(app, order, { signal: AbortSignal.timeout(attemptTimeoutMs), telemetry });
  } catch (error) {
    const isUnreachable = problemCodeOf(error) === "store_unavailable";
    return giveBack(app, message, order.origin, telemetry, isUnreachable ? "unreachable" : "refused");
  }
  // If this fails, the message comes back, and there is nothing left to do.
  await app.signOutQueue.remove(message, soon()).catch((error: unknown) => reportQueue(error, telemetry));
  return "finished";
}

/** Postpones the message or, after its last attempt, puts it aside, where an operator can look at it. */
async function giveBack(
  app: App,
  message: QueueMessage,
  origin: string,
  telemetry: Telemetry,
  fate: Fate,
): Promise<Fate> {
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
  return fate;
}

function reportQueue(error: unknown, telemetry: Telemetry): void {
  const { operation, reason } =
    error instanceof QueueUnavailableError ? error : { operation: "unknown", reason: "unknown" };
  telemetry.error("signout_queue_unavailable", { operation, reason });
}

function soon(): AbortSignal {
  return AbortSignal.timeout(queueTimeoutMs);
}
