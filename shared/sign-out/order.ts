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
  /** What ends: the named sessions, what `SignOut__Scope` makes of them, or every session of the account. */
  readonly reach: "named" | "scope" | "account";
  /** ISO 8601, UTC. */
  readonly requestedAt: string;
}

/**
 * What an order does to the document as it is now: nothing if the named sessions are gone.
 * @param late whether the order is being finished some time after it was asked for: then sessions begun since are spared
 * @param known the sessions that were there when the order was first looked at. An order for all of the account's sessions
 *   means these: what it finds after a conflict may be a sign-in that is newer than the sign-out
 */
export function decideSignOut(
  document: AccountDocument,
  order: SignOutOrder,
  scope: "account" | "session",
  late = false,
  known?: ReadonlySet<string>,
): Change {
  // The very session that was named is due whatever the clock said that dated it.
  const isDue = (session: StoredSession, key: string) =>
    !late || key === order.sessionKey || session.createdAt <= order.requestedAt;
  const isNamed = (session: StoredSession, key: string) =>
    key === order.sessionKey || (order.sidKey !== null && session.sid === order.sidKey);
  const wide = order.reach === "account" || (order.reach === "scope" && scope === "account");
  const isFound = Object.entries(document.sessions).some(
    ([key, session]) => isDue(session, key) && isNamed(session, key),
  );
  if (order.reach !== "account" && !isFound) return { kind: "none" };
  const isMeant = (key: string) => order.reach !== "account" || (known?.has(key) ?? true);
  return removeSessions(
    document,
    (session, key) => isDue(session, key) && isMeant(key) && (wide || isNamed(session, key)),
  );
}

/** Whether `value`, as read from a queue, is an order. */
export function isSignOutOrder(value: unknown): value is SignOutOrder {
  if (!isRecord(value)) return false;
  const keys = [value["accountKey"], value["sessionKey"], value["sidKey"], value["subjectKey"]];
  return (
    origins.some((origin) => origin === value["origin"]) &&
    keys.every((key) => key === null || typeof key === "string") &&
    ["named", "scope", "account"].includes(String(value["reach"])) &&
    typeof value["requestedAt"] === "string" &&
    !Number.isNaN(Date.parse(value["requestedAt"]))
  );
}
