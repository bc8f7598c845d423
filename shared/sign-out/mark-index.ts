import { markSignedOut, type Marked } from "../account/mark.ts";
import type { Mark } from "../account/signed-out-since.ts";
import { warnOfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { isForAccount, isFromIdentityProvider, type SignOutOrder, latestNow } from "./order.ts";

/**
 * Marks the `sid` or the subject of a sign-out from the identity provider, or the person whose account is signed out, and finds out
 * which account the entry leads to.
 *
 *     callback: has redeemed its code under the sid
 *     front-channel sign-out: finds no session
 *     callback: claims the sid
 *
 * The callback finds the mark and is refused. So a sign-out marks first, also if it comes from the queue or names its account:
 * such a callback may still be under way. Other sign-outs mark nothing.
 * @param jti hash of the logout token's `jti`, if the sign-out comes from a token
 */
export async function markIndex(
  app: App,
  order: SignOutOrder,
  jti: string | undefined,
  { signal, telemetry }: Invocation,
): Promise<Marked> {
  const id = markedBy(order);
  if (id === null) return nothingToMark;
  const { sids } = await app.store();
  const marked = await markSignedOut(sids, { id, ...(await momentOf(app, order)), jti }, signal);
  if (marked.outcome === "marked" && marked.unreadable) warnOfUnreadable("sid", telemetry);
  return marked;
}

const nothingToMark: Marked = { outcome: "marked", accountKey: null, replayOf: undefined, unreadable: false };

/** Id of the entry that an order marks. */
function markedBy(order: SignOutOrder): string | null {
  if (isFromIdentityProvider(order)) return order.sidKey ?? order.subjectKey;
  return isForAccount(order) ? (order.personKey ?? null) : null;
}

/** The time of the mark, never in the future: the order may have been dated by an instance whose clock was ahead. */
async function momentOf(app: App, { requestedAt, requestedTick }: SignOutOrder): Promise<Mark> {
  await app.learnTime();
  const now = latestNow(app) ?? new Date(app.clock.now()).toISOString();
  return { signedOutAt: requestedAt !== null && requestedAt < now ? requestedAt : now, signedOutTick: requestedTick };
}
