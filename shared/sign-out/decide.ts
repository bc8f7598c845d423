import { endOf, removeSessions, type AccountDocument, type Change, type StoredSession } from "../account/document.ts";
import { maxDoubtMs, wasBefore } from "../store/clock.ts";
import { isOfProvider, type OrderSettings, type SignOutOrder } from "./order.ts";

/**
 * What an order does to the document as it is now: nothing if the named sessions are not there. One that cannot be read
 * goes as a whole.
 * @param current the settings that an order without any goes by
 * @param late whether the order is being finished some time after it was asked for: then sessions begun since are spared
 * @param first the document as the order first found it. The sessions in it are what the order is about, also when a
 *   conflict shows that the named one has gone meanwhile: what came since may be a sign-in that is newer than the sign-out
 */
export function decideSignOut(
  document: AccountDocument,
  given: SignOutOrder,
  current: OrderSettings,
  late = false,
  first = document,
): Change {
  if (document.unreadable) return { kind: "delete" };
  const order = withSidOf(first, given);
  if (order.reach !== "account" && !namesSessionOf(first, order, late)) return { kind: "none" };
  const settings = order.settings ?? current;
  const wide = reachesAccount(order, settings) && mayReachOthers(first, order, settings);
  const isNamedThere = namesSessionOf(document, order, late);
  const isMeant = (key: string) =>
    wide && ((order.reach !== "account" && isNamedThere) || Object.hasOwn(first.sessions, key));
  return removeSessions(
    document,
    (session, key) => isDue(order, session, key, late) && (isNamed(order, session, key) || isMeant(key)),
  );
}

/** Whether an order that has found what it names ends all of the account's sessions. */
export function reachesAccount({ reach }: SignOutOrder, { scope }: OrderSettings): boolean {
  return reach === "account" || reach === "everywhere" || (reach === "scope" && scope === "account");
}

/**
 * Whether the cookie that the order came with opened a session when it was asked for: that session is there and had not
 * ended by then, or was there when another one has taken its place since.
 */
function mayReachOthers({ sessions }: AccountDocument, order: SignOutOrder, lifetimes: OrderSettings): boolean {
  const { unproven, sessionKey, requestedAt } = order;
  if (!unproven || sessionKey === null) return true;
  const named = Object.hasOwn(sessions, sessionKey) ? sessions[sessionKey] : undefined;
  if (named) return requestedAt === null || endOf(named, lifetimes) > Date.parse(requestedAt);
  return Object.values(sessions).some(
    (session) => session.replaced === sessionKey && session.replacedLive && isCreatedAfter(session, order, 0),
  );
}

/** @param doubtMs by how much the times may be off to the one side */
function isCreatedAfter(
  session: StoredSession,
  { requestedAt, requestedTick }: SignOutOrder,
  doubtMs: number,
): boolean {
  const isLater = wasBefore(requestedTick, session.createdTick);
  if (isLater !== undefined) return isLater;
  return requestedAt === null ? doubtMs > 0 : Date.parse(session.createdAt) > Date.parse(requestedAt) - doubtMs;
}

/** An order that was given when the document could not be read knows the browser's session by the cookie alone. */
function withSidOf({ sessions }: AccountDocument, order: SignOutOrder): SignOutOrder {
  const { sessionKey, reach } = order;
  if (reach === "named" || sessionKey === null || !Object.hasOwn(sessions, sessionKey)) return order;
  return { ...order, sidKey: order.sidKey ?? sessions[sessionKey]?.sid ?? null };
}

/** Whether a session that the order names is in the document or, if the order is late, was there when it was given. */
export function namesSessionOf({ sessions }: AccountDocument, order: SignOutOrder, late: boolean): boolean {
  return Object.entries(sessions).some(
    ([key, session]) =>
      (isDue(order, session, key, late) && isNamed(order, session, key)) || (late && hasReplacedNamed(order, session)),
  );
}

/**
 * Both bounds of two times that are compared, as far as they may be off. What may have been signed out counts as signed out:
 * each comparison gives way to the side that ends more.
 */
const doubtMs = 2 * maxDoubtMs;

/** Whether the session that the order names has given way to this one since the order was given, or may have. */
function hasReplacedNamed(order: SignOutOrder, session: StoredSession): boolean {
  const { sessionKey, sidKey } = order;
  const { replaced, replacedSid } = session;
  const isOfNamed =
    (replaced !== undefined && replaced === sessionKey) || (replacedSid !== undefined && replacedSid === sidKey);
  return isOfNamed && isCreatedAfter(session, order, doubtMs);
}

/** Longer than any request can be under way that still carries an earlier cookie. */
const lateCookieMs = 60_000;

/** Whether a browser's session began when the cookie that it had before may still have been on its way here. */
export function isOfThatMinute(createdAt: string, { requestedAt }: Pick<SignOutOrder, "requestedAt">): boolean {
  if (requestedAt === null) return true;
  return Math.abs(Date.parse(createdAt) - Date.parse(requestedAt)) <= lateCookieMs;
}

/**
 * The very session that was named is due whatever the clock said that dated it. A sign-out at the identity provider means
 * the sign-ins that had begun by then: their codes are of the session that it has ended.
 */
function isDue(order: SignOutOrder, session: StoredSession, key: string, late: boolean): boolean {
  if (!late || key === order.sessionKey) return true;
  const { createdAt, startedAt = createdAt, createdTick, startedTick } = session;
  const isItsOwn = isOfProvider(order) && (order.subjectKey !== null || session.sid === order.sidKey);
  const isLater = wasBefore(order.requestedTick, isItsOwn ? startedTick : createdTick);
  if (isLater !== undefined) return !isLater;
  const begun = isItsOwn ? startedAt : createdAt;
  return order.requestedAt === null || Date.parse(begun) <= Date.parse(order.requestedAt);
}

/** A browser that signs out and is just signing in anew means the session that it gets, too. */
function isNamed(order: SignOutOrder, session: StoredSession, key: string): boolean {
  const { sessionKey, sidKey, reach, unproven } = order;
  const isSuccessor =
    reach !== "named" &&
    sessionKey !== null &&
    session.replaced === sessionKey &&
    (!unproven || isOfThatMinute(session.createdAt, order));
  return key === sessionKey || (sidKey !== null && session.sid === sidKey) || isSuccessor;
}
