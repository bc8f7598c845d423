import { markSignedOut, type Marked } from "../account/mark.ts";
import type { Mark } from "../account/signed-out-since.ts";
import { warnOfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { isFromIdentityProvider, type SignOutOrder, latestNow } from "./order.ts";

/**
 * Marks the `sid` or the subject of a sign-out from the identity provider, and finds out which account it leads to.
 *
 *     callback: has redeemed its code under the sid
 *     front-channel sign-out: finds no session
 *     callback: claims the sid
 *
 * The callback finds the mark and is refused. So a sign-out marks first, also if it comes from the queue or names its account:
 * such a callback may still be under way. Other sign-outs mark nothing here.
 * @param jti hash of the logout token's `jti`, if the sign-out comes from a token
 */
export async function markIndex(
  app: App,
  order: SignOutOrder,
  jti: string | undefined,
  { signal, telemetry }: Invocation,
): Promise<Marked> {
  const id = isFromIdentityProvider(order) ? (order.sidKey ?? order.subjectKey) : null;
  if (id === null) return nothingToMark;
  const { sids } = await app.store();
  const marked = await markSignedOut(sids, { id, ...(await momentOf(app, order)), jti }, signal);
  if (marked.outcome === "marked" && marked.unreadable) warnOfUnreadable("sid", telemetry);
  return marked;
}

const nothingToMark: Marked = { outcome: "marked", accountKey: null, replayOf: undefined, unreadable: false };

/** The time of an order's mark, never in the future: the order may have been dated by an instance whose clock was ahead. */
export async function momentOf(app: App, { requestedAt, requestedTick }: SignOutOrder): Promise<Mark> {
  await app.learnTime();
  const now = latestNow(app) ?? new Date(app.clock.now()).toISOString();
  return { signedOutAt: requestedAt !== null && requestedAt < now ? requestedAt : now, signedOutTick: requestedTick };
}
