import { successorElsewhere } from "../account/succession.ts";
import type { App, Invocation } from "../app/app.ts";
import { carryOut } from "./carry-out.ts";
import type { SignOutOrder } from "./order.ts";
import { mayHavePassed } from "./order-times.ts";

/**
 * Carries out an order from the queue.
 *
 *     browser: sign-out with Ada's cookie   the store fails, and the order goes to the queue
 *     browser: callback for Bruno           replaces Ada's session in this browser
 *     queue: the order                      finds Ada's session gone
 *
 * If the two requests may have passed each other on the way, the person meant the session that the browser has now. That one
 * ends, and no other.
 */
export async function finishSignOut(app: App, order: SignOutOrder, invocation: Invocation): Promise<void> {
  const { outcome } = await carryOut(app, order, invocation, { late: true });
  if (outcome !== "nothing" || order.reach === "named" || order.sessionKey === null) return;
  const { sids } = await app.store();
  const successor = await successorElsewhere(sids, order.sessionKey, invocation.signal);
  if (!successor || !mayHavePassed(order, successor.since)) return;
  const { accountKey, sessionKey } = successor;
  const meant = { ...order, accountKey, sessionKey, sidKey: null, reach: "named" } as const;
  await carryOut(app, meant, invocation, { late: true });
}
