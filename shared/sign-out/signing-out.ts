import type { Invocation } from "../app/app.ts";
import type { SignOutOrder } from "./order.ts";

/** The invocation of a function that may sign out: it can leave to the queue what the store does not take. */
export interface SigningOut extends Invocation {
  /** @throws {QueueUnavailableError} unless the order is in the queue for certain */
  readonly defer: (order: SignOutOrder) => Promise<void>;
}
