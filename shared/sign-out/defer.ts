import type { App, Invocation } from "../app/app.ts";
import { problemCodeOf, ProblemError } from "../core/errors.ts";
import { QueueUnavailableError } from "../queue/errors.ts";
import { messageOf } from "../queue/message.ts";
import type { SignOutOrder } from "./order.ts";

/** The invocation of a function that signs out: it can put an order into the queue if the store fails. */
export interface SigningOut extends Invocation {
  /** @throws {QueueUnavailableError} unless the order is in the queue for certain */
  readonly defer: (order: SignOutOrder) => Promise<void>;
}

/** The sign-out could not be completed now. Its order is in the queue, and will be carried out later. */
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

/** The sign-out could neither be completed nor put into the queue: nothing happens unless the caller asks again. */
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

/** The part of a request's 10 s that is left for the queue when the store has used up its own. */
const queueTimeoutMs = 3_500;

/** Puts an order into the queue. @throws {QueueUnavailableError} unless it is there for certain */
export async function putIntoQueue(app: App, order: SignOutOrder): Promise<void> {
  await app.signOutQueue.put(messageOf(order), AbortSignal.timeout(queueTimeoutMs));
}

/**
 * Leaves an order to the queue because the store failed.
 * @returns the error for the caller: the sign-out will be finished later, or will not be
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
