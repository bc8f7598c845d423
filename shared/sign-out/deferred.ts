import { ConditionError } from "../core/errors.ts";

/** The sign-out could not be completed now. It is in the queue, and will be. */
export class SignOutDeferredError extends ConditionError {
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
export class SignOutFailedError extends ConditionError {
  constructor(cause: unknown) {
    super(
      "signout_failed",
      "Neither the account store nor the queue of sign-outs could be reached. The sign-out did not happen, and nothing will finish it. Try again in a moment.",
      { cause },
    );
    this.name = "SignOutFailedError";
  }
}
