import { endOf, removeSessions, sessionOf, type AccountDocument, type Change } from "../account/document.ts";
import { holdsNamed, isNamed, isSpared, withSidOfNamed, type NewerSessions } from "./named-sessions.ts";
import type { OrderSettings, SignOutOrder } from "./order.ts";
import { wasOpenedAfter } from "./order-times.ts";

/**
 * What a sign-out ends. {@link planSignOut} decides it once, on the account's document as first read. {@link applyPlan}
 * applies it to that document and, after a conflict, to what the others have left.
 */
export type SignOutPlan =
  /** No session: none of those that the order names was there. */
  | { readonly kind: "nothing" }
  /** The sessions that the order names. */
  | { readonly kind: "named sessions"; readonly order: SignOutOrder; readonly newerSessions: NewerSessions }
  /** All sessions of the account. */
  | {
      readonly kind: "account";
      readonly order: SignOutOrder;
      readonly newerSessions: NewerSessions;
      /** Keys of the sessions in the document as first read. */
      readonly seen: ReadonlySet<string>;
    }
  /** One session, unless it has got new tokens since the identity provider refused those in `sealed`. */
  | { readonly kind: "refused session"; readonly sessionKey: string; readonly sealed: string };

export interface PlanOptions {
  /** The settings for an order that has none of its own. */
  readonly settings: OrderSettings;
  readonly newerSessions: NewerSessions;
  /** The seal of the session whose tokens were refused. */
  readonly refusedSeal?: string | undefined;
}

/**
 * Decides what a sign-out ends.
 *
 * 1. An order that names sessions ends nothing unless one of them is there: an old link cannot sign out a new session.
 * 2. If one is there, the order's reach and `SignOut__Scope` say whether the account's other sessions end with it.
 * 3. A cookie that no longer opened its session cannot sign out other browsers.
 *
 * Example: the account has a laptop and a phone, and `SignOut__Scope` is `account`. A front-channel sign-out with the laptop's
 * `sid` plans "account", and both end. Then a tablet signs in. If the same sign-out comes again, the laptop's session is no
 * longer there: it plans "nothing", and the tablet stays.
 * @param first the document as first read
 */
export function planSignOut(
  first: AccountDocument,
  given: SignOutOrder,
  { settings, newerSessions, refusedSeal }: PlanOptions,
): SignOutPlan {
  if (refusedSeal !== undefined && given.sessionKey !== null) {
    return { kind: "refused session", sessionKey: given.sessionKey, sealed: refusedSeal };
  }
  const order = withSidOfNamed(first, given);
  if (order.reach !== "account" && !holdsNamed(first, order, newerSessions)) return { kind: "nothing" };
  if (!endsOthers(first, order, order.settings ?? settings)) return { kind: "named sessions", order, newerSessions };
  return { kind: "account", order, newerSessions, seen: new Set(Object.keys(first.sessions)) };
}

/** Whether an order whose named session is there ends the account's other sessions as well. */
function endsOthers(first: AccountDocument, order: SignOutOrder, settings: OrderSettings): boolean {
  const { reach, unproven } = order;
  const isWide = reach === "account" || reach === "everywhere" || (reach === "scope" && settings.scope === "account");
  return isWide && (!unproven || cookieWasGood(first, order, settings));
}

/**
 * Whether the order's cookie opened a session when the order was given: either the session is there and had not expired by
 * then, or another one has replaced it since, and records that it was still live.
 */
function cookieWasGood({ sessions }: AccountDocument, order: SignOutOrder, settings: OrderSettings): boolean {
  const { sessionKey, requestedAt } = order;
  if (sessionKey === null) return true;
  const named = sessionOf(sessions, sessionKey);
  if (named) return requestedAt === null || endOf(named, settings) > Date.parse(requestedAt);
  return Object.values(sessions).some(
    (session) => session.replaced === sessionKey && session.replacedLive && wasOpenedAfter(order, session),
  );
}

/** Applies a plan to one version of the document. */
export function applyPlan(plan: SignOutPlan, document: AccountDocument): Change {
  if (plan.kind === "refused session") return endRefused(plan, document);
  // Nobody can tell whose sessions are in an unreadable document, so all of it is deleted.
  if (document.unreadable) return { kind: "delete" };
  if (plan.kind === "nothing") return { kind: "none" };
  const { order, newerSessions } = plan;
  const ofAccount = plan.kind === "account" ? accountSessions(plan, document) : none;
  const ended = Object.entries(document.sessions)
    .filter(([key, session]) => isNamed(order, session, key) || ofAccount.has(key))
    .filter(([key, session]) => !isSpared(order, session, key, newerSessions))
    .map(([key]) => key);
  return removeSessions(document, ended);
}

const none: ReadonlySet<string> = new Set();

/**
 * Keys of the sessions that a plan for the account includes in this version. After a conflict there may be sessions that the first read
 * did not show:
 *
 *     laptop: sign-out   reads {laptop, phone}
 *     tablet: callback   writes {phone, tablet}: the laptop's session has ended
 *     laptop: sign-out   conflict
 *
 * The laptop's session is gone, so the tablet may have signed in after the sign-out: it stays. The phone ends, because the
 * first read showed it. If the laptop's session were still there, nothing would say that the tablet came later, and all three
 * would end. An order for the account itself names no session: it ends those that the first read showed, and no others.
 */
function accountSessions(
  { order, newerSessions, seen }: Extract<SignOutPlan, { kind: "account" }>,
  document: AccountDocument,
): ReadonlySet<string> {
  const isNamedThere = order.reach !== "account" && holdsNamed(document, order, newerSessions);
  return isNamedThere ? new Set(Object.keys(document.sessions)) : seen;
}

/**
 * Ends the session only if it still has the refused tokens. Another instance may have stored newer ones since, and an
 * unreadable document may hold newer ones, too.
 */
function endRefused(
  { sessionKey, sealed }: Extract<SignOutPlan, { kind: "refused session" }>,
  document: AccountDocument,
): Change {
  if (sessionOf(document.sessions, sessionKey)?.sealed !== sealed) return { kind: "none" };
  return removeSessions(document, [sessionKey]);
}
