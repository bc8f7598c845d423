import { endOf, removeSessions, sessionOf, type AccountDocument, type Change } from "../account/document.ts";
import { holdsNamed, isNamed, isSpared, withSidOfNamed, type BegunSince } from "./named-sessions.ts";
import type { OrderSettings, SignOutOrder } from "./order.ts";
import { wasOpenedSince } from "./order-times.ts";

/**
 * What a sign-out ends. {@link planSignOut} decides it once, on the account's document as the sign-out first read it.
 * {@link applyPlan} then applies it to that document and, after every conflict, to what the others have left.
 */
export type SignOutPlan =
  /** No session: none of those that the order names was there. */
  | { readonly kind: "nothing" }
  /** One session, as long as it holds the tokens that were refused. */
  | { readonly kind: "refused session"; readonly sessionKey: string; readonly sealed: string }
  /** The sessions that the order names. */
  | { readonly kind: "named sessions"; readonly order: SignOutOrder; readonly begunSince: BegunSince }
  /** The account's sessions. */
  | {
      readonly kind: "account";
      readonly order: SignOutOrder;
      readonly begunSince: BegunSince;
      /** Keys of the sessions in the document as first read. */
      readonly seen: ReadonlySet<string>;
    };

export interface PlanOptions {
  /** Settings for an order that brings none. */
  readonly settings: OrderSettings;
  readonly begunSince: BegunSince;
  /** The seal that holds the refused tokens. The named session ends only while it has this very seal. */
  readonly refusedSeal?: string | undefined;
}

/**
 * Decides what a sign-out ends.
 *
 * 1. An order that names sessions ends nothing unless one of them is there: an old link cannot sign out a new session.
 * 2. If one is there, the order's reach and `SignOut__Scope` say whether the account's other sessions end with it.
 * 3. A cookie that had stopped opening its session cannot sign out other browsers.
 *
 * Example: the account has a laptop and a phone, and `SignOut__Scope` is `account`. A front-channel sign-out with the laptop's
 * `sid` plans "account" (both). When it comes again, the laptop's session is gone, and it plans "nothing": the tablet that has
 * signed in meanwhile stays.
 * @param first the document as the sign-out first read it
 */
export function planSignOut(
  first: AccountDocument,
  given: SignOutOrder,
  { settings, begunSince, refusedSeal }: PlanOptions,
): SignOutPlan {
  if (refusedSeal !== undefined && given.sessionKey !== null) {
    return { kind: "refused session", sessionKey: given.sessionKey, sealed: refusedSeal };
  }
  const order = withSidOfNamed(first, given);
  if (order.reach !== "account" && !holdsNamed(first, order, begunSince)) return { kind: "nothing" };
  if (!reachesOthers(first, order, order.settings ?? settings)) return { kind: "named sessions", order, begunSince };
  return { kind: "account", order, begunSince, seen: new Set(Object.keys(first.sessions)) };
}

/**
 * Applies a plan to one version of the document. An unreadable document is deleted as a whole: nobody can tell whose sessions
 * are in it.
 */
export function applyPlan(plan: SignOutPlan, document: AccountDocument): Change {
  if (plan.kind === "refused session") return endWhileSealed(plan, document);
  if (document.unreadable) return { kind: "delete" };
  if (plan.kind === "nothing") return { kind: "none" };
  const { order, begunSince } = plan;
  const isOfAccount = plan.kind === "account" ? accountSessions(plan, document) : () => false;
  return removeSessions(
    document,
    (session, key) => (isNamed(order, session, key) || isOfAccount(key)) && !isSpared(order, session, key, begunSince),
  );
}

type AccountPlan = Extract<SignOutPlan, { kind: "account" }>;

/**
 * Which sessions of this version the plan for the account includes. After a conflict there may be sessions that the first
 * read did not show:
 *
 *     laptop: sign-out   reads {laptop, phone}
 *     tablet: callback   writes {phone, tablet}: the laptop's session has given way
 *     laptop: sign-out   conflict
 *
 * The named session is gone, so the tablet's sign-in may be newer than the sign-out. The phone, which was seen, ends; the
 * tablet stays. If the laptop's session is still there, nothing says that the tablet came later, and all three end. An order
 * for the account as such ends what it has seen in any case, and nothing else.
 */
function accountSessions(
  { order, begunSince, seen }: AccountPlan,
  document: AccountDocument,
): (key: string) => boolean {
  const isAll = order.reach !== "account" && holdsNamed(document, order, begunSince);
  return (key) => isAll || seen.has(key);
}

/** Tokens that another instance has stored meanwhile are newer than the refusal, and so is what cannot be read. */
function endWhileSealed(
  { sessionKey, sealed }: Extract<SignOutPlan, { kind: "refused session" }>,
  document: AccountDocument,
): Change {
  if (sessionOf(document.sessions, sessionKey)?.sealed !== sealed) return { kind: "none" };
  return removeSessions(document, (_, key) => key === sessionKey);
}

/** Whether an order whose named session is there ends the account's other sessions as well. */
function reachesOthers(first: AccountDocument, order: SignOutOrder, settings: OrderSettings): boolean {
  const { reach } = order;
  const isWide = reach === "account" || reach === "everywhere" || (reach === "scope" && settings.scope === "account");
  return isWide && (!order.unproven || cookieWasGood(first, order, settings));
}

/**
 * Whether the cookie that the order came with opened a session when the order was given. Either that session is there, and
 * had not expired by then; or another one has taken its place since, and says that it was live.
 */
function cookieWasGood({ sessions }: AccountDocument, order: SignOutOrder, settings: OrderSettings): boolean {
  const { sessionKey, requestedAt } = order;
  if (sessionKey === null) return true;
  const named = sessionOf(sessions, sessionKey);
  if (named) return requestedAt === null || endOf(named, settings) > Date.parse(requestedAt);
  return Object.values(sessions).some(
    (session) => session.replaced === sessionKey && session.replacedLive && wasOpenedSince(session, order),
  );
}
