import type { Invocation } from "../app/app.ts";
import type { SignOutOrder } from "./order.ts";

/** One that may sign out: what the store does not take, it can leave to the queue. */
export interface SigningOut extends Invocation {
  /** @throws {QueueUnavailableError} unless the order is in the queue for certain */
  readonly defer: (order: SignOutOrder) => Promise<void>;
}
