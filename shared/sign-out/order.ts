import { removeSessions, type AccountDocument, type Change, type StoredSession } from "../account/document.ts";
import { isRecord } from "../encoding.ts";

/** Where a sign-out began. */
const origins = [
  "app",
  "front_channel",
  "back_channel",
  "sessions_page",
  "administrator",
  "replaced",
  "displaced",
  "token_refused",
] as const;

export type SignOutOrigin = (typeof origins)[number];

/**
 * A sign-out in words that survive the process: what is to end, and when that was asked for. Holds hashes only, nothing
 * that opens or identifies anything.
 */
export interface SignOutOrder {
  readonly origin: SignOutOrigin;
  /** Null when only the `sid` is known: the index tells the account. */
  readonly accountKey: string | null;
  /** The named sessions: this one, and those of this `sid`. */
  readonly sessionKey: string | null;
  readonly sidKey: string | null;
  /** Leads to the account where neither its key nor a `sid` is known. */
  readonly subjectKey: string | null;
  /**
   * What ends: the named sessions; where one of them is there, what `SignOut__Scope` makes of it, or everything; or every
   * session of the account in any case.
   */
  readonly reach: "named" | "scope" | "everywhere" | "account";
  /** ISO 8601, UTC. */
  readonly requestedAt: string;
}

/**
 * What an order does to the document as it is now: nothing if the named sessions are not there. One that cannot be read
 * goes as a whole.
 * @param late whether the order is being finished some time after it was asked for: then sessions begun since are spared
 * @param first the document as the order first found it. The sessions in it are what the order is about, also when a
 *   conflict shows that the named one has gone meanwhile: what came since may be a sign-in that is newer than the sign-out
 */
export function decideSignOut(
  document: AccountDocument,
  given: SignOutOrder,
  scope: "account" | "session",
  late = false,
  first = document,
): Change {
  if (document.unreadable) return { kind: "delete" };
  const order = withSidOf(first, given);
  if (order.reach !== "account" && !namesSessionOf(first, order, late)) return { kind: "none" };
  const wide = reachesAccount(order, scope);
  const isNamedThere = namesSessionOf(document, order, late);
  const isMeant = (key: string) =>
    wide && ((order.reach !== "account" && isNamedThere) || Object.hasOwn(first.sessions, key));
  return removeSessions(
    document,
    (session, key) => isDue(order, session, key, late) && (isNamed(order, session, key) || isMeant(key)),
  );
}

/** Whether an order that has found what it names ends all of the account's sessions. */
export function reachesAccount({ reach }: SignOutOrder, scope: "account" | "session"): boolean {
  return reach === "account" || reach === "everywhere" || (reach === "scope" && scope === "account");
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

/** Whether the session that the order names has given way to this one since the order was given. */
function hasReplacedNamed({ sessionKey, sidKey, requestedAt }: SignOutOrder, session: StoredSession): boolean {
  const { replaced, replacedSid, createdAt } = session;
  const isOfNamed =
    (replaced !== undefined && replaced === sessionKey) || (replacedSid !== undefined && replacedSid === sidKey);
  return isOfNamed && createdAt > requestedAt;
}

/**
 * The very session that was named is due whatever the clock said that dated it. A sign-out at the identity provider means
 * the sign-ins that had begun by then: their codes are of the session that it has ended.
 */
function isDue(order: SignOutOrder, session: StoredSession, key: string, late: boolean): boolean {
  if (!late || key === order.sessionKey) return true;
  const { createdAt, startedAt = createdAt } = session;
  const isItsOwn = isOfProvider(order) && (order.subjectKey !== null || session.sid === order.sidKey);
  return (isItsOwn ? startedAt : createdAt) <= order.requestedAt;
}

/** Whether the identity provider has signed the person out, rather than somebody here. */
export function isOfProvider({ origin }: SignOutOrder): boolean {
  return origin === "front_channel" || origin === "back_channel";
}

/** A browser that signs out and is just signing in anew means the session that it gets, too. */
function isNamed({ sessionKey, sidKey, reach }: SignOutOrder, session: StoredSession, key: string): boolean {
  const isSuccessor = reach !== "named" && sessionKey !== null && session.replaced === sessionKey;
  return key === sessionKey || (sidKey !== null && session.sid === sidKey) || isSuccessor;
}

/** Whether `value`, as read from a queue, is an order. */
export function isSignOutOrder(value: unknown): value is SignOutOrder {
  if (!isRecord(value)) return false;
  const keys = [value["accountKey"], value["sessionKey"], value["sidKey"], value["subjectKey"]];
  return (
    origins.some((origin) => origin === value["origin"]) &&
    keys.every((key) => key === null || typeof key === "string") &&
    ["named", "scope", "everywhere", "account"].includes(String(value["reach"])) &&
    typeof value["requestedAt"] === "string" &&
    !Number.isNaN(Date.parse(value["requestedAt"]))
  );
}
