import { sessionOf, type AccountDocument, type StoredSession } from "../account/document.ts";
import type { SignOutOrder } from "./order.ts";
import { isNewer, mayBeOpenedAfter, mayHavePassed } from "./order-times.ts";

/** What becomes of sessions that began after the sign-out was asked for. */
export type NewerSessions = "end" | "spare";

/** Whether an order names a session: by its key, by its `sid`, or as the new session of the browser that sent the order. */
export function isNamed(order: SignOutOrder, session: StoredSession, key: string): boolean {
  const { sessionKey, sidKey } = order;
  return key === sessionKey || (sidKey !== null && session.sid === sidKey) || isNewOfSameBrowser(order, session);
}

/**
 * Whether this is the new session of a browser that has signed in again. While the answer with the new cookie is under way, the
 * browser still sends the earlier one, and a sign-out with that one means the new session.
 */
function isNewOfSameBrowser(order: SignOutOrder, { replaced, createdAt }: StoredSession): boolean {
  const { sessionKey, reach, unproven } = order;
  if (reach === "named" || sessionKey === null || replaced !== sessionKey) return false;
  // A cookie that could not be looked up may be an old one, which has nothing to do with the new session.
  return !unproven || mayHavePassed(order, createdAt);
}

/** Whether a session stays because it is newer than the order, although the order names it or its account. */
export function isSpared(
  order: SignOutOrder,
  session: StoredSession,
  key: string,
  newerSessions: NewerSessions,
): boolean {
  return newerSessions === "spare" && isNewer(order, session, key);
}

/**
 * Whether a document holds a session that the order names and does not spare. If the order spares newer sessions, it is enough
 * that a named session was there when the order was given: the newer session that has replaced it says so.
 */
export function holdsNamed({ sessions }: AccountDocument, order: SignOutOrder, newerSessions: NewerSessions): boolean {
  return Object.entries(sessions).some(
    ([key, session]) =>
      (isNamed(order, session, key) && !isSpared(order, session, key, newerSessions)) ||
      (newerSessions === "spare" && hasReplacedNamed(order, session)),
  );
}

/** Whether this session has replaced a named one since the order was given, or may have. */
function hasReplacedNamed(order: SignOutOrder, session: StoredSession): boolean {
  const { replaced, replacedSid } = session;
  const isByKey = replaced !== undefined && replaced === order.sessionKey;
  const isBySid = replacedSid !== undefined && replacedSid === order.sidKey;
  return (isByKey || isBySid) && mayBeOpenedAfter(order, session);
}

/**
 * The order, completed by the `sid` of the session that it names by key. An order that was given while the document could not
 * be read knows the browser's session by its cookie alone. With the `sid`, it also names the browser's other sessions.
 */
export function withSidOfNamed({ sessions }: AccountDocument, order: SignOutOrder): SignOutOrder {
  const { sessionKey, sidKey, reach } = order;
  const named = sessionOf(sessions, sessionKey ?? undefined);
  return named && reach !== "named" ? { ...order, sidKey: sidKey ?? named.sid } : order;
}
