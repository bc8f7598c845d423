import { sessionOf, type AccountDocument, type StoredSession } from "../account/document.ts";
import type { SignOutOrder } from "./order.ts";
import { beganSince, mayBeOpenedSince, mayHaveCrossed } from "./order-times.ts";

/** What becomes of the sessions that began after a sign-out was asked for. */
export type BegunSince = "end" | "spare";

/**
 * Whether an order names a session: by its key, by its `sid`, or because the browser of the named session has it now. The
 * last is for a browser that signs out while its new sign-in is being answered, and so still sends the earlier cookie.
 */
export function isNamed(order: SignOutOrder, session: StoredSession, key: string): boolean {
  const { sessionKey, sidKey } = order;
  if (key === sessionKey) return true;
  if (sidKey !== null && session.sid === sidKey) return true;
  return isSuccessorOfNamed(order, session);
}

/** An order whose cookie was never looked up may mean the new session only if the two may have crossed. */
function isSuccessorOfNamed(order: SignOutOrder, { replaced, createdAt }: StoredSession): boolean {
  const { sessionKey, reach, unproven } = order;
  if (reach === "named" || sessionKey === null || replaced !== sessionKey) return false;
  return !unproven || mayHaveCrossed(createdAt, order);
}

/** Whether a session stays although the order names it or its account. */
export function isSpared(order: SignOutOrder, session: StoredSession, key: string, begunSince: BegunSince): boolean {
  return begunSince === "spare" && beganSince(order, session, key);
}

/**
 * Whether a document holds a session that the order names and that is not spared. An order that spares newer sessions also
 * counts a named one that was there when it was given, and has given way to another session since.
 */
export function holdsNamed({ sessions }: AccountDocument, order: SignOutOrder, begunSince: BegunSince): boolean {
  return Object.entries(sessions).some(
    ([key, session]) =>
      (isNamed(order, session, key) && !isSpared(order, session, key, begunSince)) ||
      (begunSince === "spare" && hasReplacedNamed(order, session)),
  );
}

/** Whether this session has taken the place of a named one since the order was given, or may have. */
function hasReplacedNamed(order: SignOutOrder, session: StoredSession): boolean {
  const { sessionKey, sidKey } = order;
  const { replaced, replacedSid } = session;
  const isReplacement =
    (replaced !== undefined && replaced === sessionKey) || (replacedSid !== undefined && replacedSid === sidKey);
  return isReplacement && mayBeOpenedSince(session, order);
}

/**
 * The order, completed by the `sid` of the session that it names by key. An order that was given while the document could not
 * be read knows this browser's session by its cookie alone; with the `sid` it reaches the browser's other sessions, too.
 */
export function withSidOfNamed({ sessions }: AccountDocument, order: SignOutOrder): SignOutOrder {
  const { sessionKey, sidKey, reach } = order;
  const named = sessionOf(sessions, sessionKey ?? undefined);
  return named && reach !== "named" ? { ...order, sidKey: sidKey ?? named.sid } : order;
}
