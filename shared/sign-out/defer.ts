import type { App, Invocation } from "../app/app.ts";
import { problemCodeOf, ProblemError } from "../core/errors.ts";
import { QueueUnavailableError } from "../queue/errors.ts";
import type { SignOutOrder } from "./order.ts";
import { messageOf } from "./queue-message.ts";

/** The invocation of a function that may sign out: it can leave to the queue what the store does not take. */
export interface SigningOut extends Invocation {
  /** @throws {QueueUnavailableError} unless the order is in the queue for certain */
  readonly defer: (order: SignOutOrder) => Promise<void>;
}

/** The sign-out could not be completed now. It is in the queue, and will be. */
export class SignOutDeferredError extends ProblemError {
  constructor(cause: unknown) {
    super(
      "signout_deferred",
      "The account store could not be reached. The sign-out will be finished as soon as it can be, without you.",
      { cause },
    );
    this.name = "SignOutDeferredError";
  }
}

/** The sign-out could neither be completed nor put into the queue: nobody will finish it, unless it is asked for again. */
export class SignOutFailedError extends ProblemError {
  constructor(cause: unknown) {
    super(
      "signout_failed",
      "Neither the account store nor the queue of sign-outs could be reached. The sign-out did not happen, and nothing will finish it. Try again in a moment.",
      { cause },
    );
    this.name = "SignOutFailedError";
  }
}

/** What is left for the queue of the 10 s that nobody waits longer than, when the store has used up its part. */
const queueTimeoutMs = 3_500;

/** Puts a sign-out into the queue. @throws {QueueUnavailableError} unless it is there for certain */
export async function putIntoQueue(app: App, order: SignOutOrder): Promise<void> {
  await app.signOutQueue.put(messageOf(order), AbortSignal.timeout(queueTimeoutMs));
}

/**
 * Leaves a sign-out that the store did not take to the queue.
 * @returns the error that tells whoever asked: it will be finished later, or it will not be
 */
export async function leaveToQueue(
  order: SignOutOrder,
  { defer, telemetry }: SigningOut,
  cause: unknown,
): Promise<SignOutDeferredError | SignOutFailedError> {
  const { origin } = order;
  const code = problemCodeOf(cause);
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
