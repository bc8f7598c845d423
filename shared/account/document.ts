import { asciiLowerCase, isRecord, sha256Base64Url } from "../core/encoding.ts";
import { isTick, type Tick } from "../store/clock.ts";

/** The end of MSAL's `uid.utid` where the `utid` is a Microsoft tenant. */
const ofTenant = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Id of the document that holds an account's sessions.
 * @param environment host of the authority, such as `login.microsoftonline.com`
 * @param homeAccountId MSAL's `uid.utid`, which is the same in every tenant where the account is a guest. If the identity
 *   provider does not know such ids, it is the subject
 */
export function accountKeyOf(environment: string, homeAccountId: string): string {
  // Case does not matter in Microsoft's ids. It does in a subject (OpenID Connect Core 1.0 section 2): "Ada" is not "ada".
  const id = isOfTenant(homeAccountId) ? asciiLowerCase(homeAccountId) : homeAccountId;
  return sha256Base64Url(asciiLowerCase(environment), id);
}

/** Whether an id has the form of MSAL's `uid.utid`, which is also that of `<object id>.<tenant id>`. */
export function isOfTenant(id: string): boolean {
  return ofTenant.test(id);
}

/** The name of a session in the database: a hash of the secret in the cookie, never the secret itself. */
export function sessionKeyOf(secret: string): string {
  return sha256Base64Url(Buffer.from(secret, "base64url"));
}

/** One browser's session of an account, as stored. Times are ISO 8601, UTC. */
export interface StoredSession {
  /** Id of this session's entry in the index; null if the identity provider gave no `sid`. */
  readonly sid: string | null;
  readonly createdAt: string;
  /** When its sign-in began. A sign-out at the identity provider since then ends this session. */
  readonly startedAt?: string;
  /** `createdAt` as counted by the instance that opened the session, and `startedAt` if that one also began the sign-in. */
  readonly createdTick?: Tick;
  readonly startedTick?: Tick;
  readonly lastSeenAt: string;
  /** When the identity provider last answered a token request for this session. Absent until the first one after the sign-in. */
  readonly revalidatedAt?: string;
  /** End of the absolute lifetime; the idle lifetime may end the session earlier. */
  readonly expiresAt: string;
  /** Family names of browser and system, for the person's list of sessions. */
  readonly userAgent: string;
  /** Compact JWE that only the cookie's secret opens. */
  readonly sealed: string;
  /** Id of the entry that leads a guest's local id to the account, if it was a guest who signed in. */
  readonly guest?: string;
  /** Key of the browser's earlier session, which ended when this one began. */
  readonly replaced?: string;
  /** The `sid` of the earlier session, if that was still there and had one. */
  readonly replacedSid?: string;
  /** Whether the earlier session was still live: its cookie still opened it. */
  readonly replacedLive?: true;
}

/** Everything kept for one account. Deleting this document signs the account out everywhere. */
export interface AccountDocument {
  readonly id: string;
  readonly sessions: Readonly<Record<string, StoredSession>>;
  /** Seconds after the last write at which Azure Cosmos DB removes the document by itself. */
  readonly ttl: number;
  /** New on every write. If the answer to a write was lost, it tells that write from somebody else's. */
  readonly writeId: string;
  /** Only of what {@link unreadableAccount} makes; never stored. */
  readonly unreadable?: true;
}

/** What a pure decision makes of a document: new sessions, its deletion, or no change. */
export type Change =
  | { readonly kind: "replace"; readonly sessions: AccountDocument["sessions"] }
  | { readonly kind: "delete" }
  | { readonly kind: "none" };

export type Replacement = Extract<Change, { kind: "replace" }>;

export interface Lifetimes {
  readonly idleTimeoutMinutes: number;
}

export interface SessionLimits extends Lifetimes {
  readonly maxPerAccount: number;
}

const unchanged: Change = { kind: "none" };

/** When `session` ends unless it is used before: milliseconds since the epoch. */
export function endOf(session: StoredSession, { idleTimeoutMinutes }: Lifetimes): number {
  const idleEnd = Date.parse(session.lastSeenAt) + idleTimeoutMinutes * 60_000;
  return Math.min(idleEnd, Date.parse(session.expiresAt));
}

/** The session with this key, if it is there and neither lifetime has passed at `now`. */
export function liveSession(
  document: AccountDocument,
  sessionKey: string,
  lifetimes: Lifetimes,
  now: number,
): StoredSession | undefined {
  const session = sessionOf(document.sessions, sessionKey);
  return session && endOf(session, lifetimes) > now ? session : undefined;
}

/** The new session, with its key, of the browser that had the session `sessionKey` before. */
export function successorOf(document: AccountDocument, sessionKey: string): [string, StoredSession] | undefined {
  return Object.entries(document.sessions).find(([, { replaced }]) => replaced === sessionKey);
}

/** Whole seconds from `now` until the last of `sessions` ends. At least 1: Azure Cosmos DB takes no less. */
export function ttlOf(sessions: AccountDocument["sessions"], lifetimes: Lifetimes, now: number): number {
  const last = Math.max(...Object.values(sessions).map((session) => endOf(session, lifetimes)));
  return Math.max(1, Math.ceil((last - now) / 1000));
}

/** The session with this key, if there is one. The key may be any text, `toString` for example. */
export function sessionOf(sessions: AccountDocument["sessions"], key: string | undefined): StoredSession | undefined {
  return key !== undefined && Object.hasOwn(sessions, key) ? sessions[key] : undefined;
}

/** Removes the sessions with these keys, as far as they are there. If none is left, the document is deleted. */
export function removeSessions({ sessions }: AccountDocument, keys: readonly string[]): Change {
  const entries = Object.entries(sessions);
  const kept = entries.filter(([key]) => !keys.includes(key));
  if (kept.length === entries.length) return unchanged;
  return kept.length === 0 ? { kind: "delete" } : { kind: "replace", sessions: Object.fromEntries(kept) };
}

/** Whether `value`, as read from the store, has the shape of an account document. */
export function isAccountDocument(value: unknown): value is AccountDocument {
  return (
    isRecord(value) &&
    typeof value["id"] === "string" &&
    typeof value["writeId"] === "string" &&
    isRecord(value["sessions"]) &&
    Object.values(value["sessions"]).every(isStoredSession)
  );
}

/**
 * Stands for a stored document that this version cannot read: another version has written it, or it is damaged. It has no
 * session that can be used here. A sign-in replaces it. Every sign-out that leads to it deletes it, because nobody can tell
 * whose sessions are in it, and tokens that nothing can reach any more must not stay.
 */
export function unreadableAccount({ id, writeId }: Readonly<Record<string, unknown>>): AccountDocument {
  return { id: String(id), sessions: {}, ttl: 1, writeId: String(writeId), unreadable: true };
}

function isStoredSession(value: unknown): value is StoredSession {
  if (!isRecord(value)) return false;
  const { createdAt, lastSeenAt, expiresAt, revalidatedAt = createdAt } = value;
  const times = [createdAt, lastSeenAt, expiresAt, revalidatedAt];
  const hasTimes = times.every((time) => typeof time === "string" && !Number.isNaN(Date.parse(time)));
  const { sealed, sid, startedAt = "", guest = "", replaced = "", replacedSid = "" } = value;
  const texts = [sealed, sid === null ? "" : sid, startedAt, guest, replaced, replacedSid];
  const hasTicks = [value["createdTick"], value["startedTick"]].every((tick) => tick === undefined || isTick(tick));
  return hasTimes && hasTicks && texts.every((text) => typeof text === "string");
}
