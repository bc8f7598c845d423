import { ConditionError } from "../errors.ts";

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
