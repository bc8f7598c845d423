import { asciiLowerCase, isRecord, sha256Base64Url } from "../core/encoding.ts";
import { isTick, type Tick } from "../store/clock.ts";

/** MSAL's `uid.utid`, where the `utid` is a tenant of Microsoft's. */
const ofTenant = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Id of the document that holds an account's sessions.
 * @param environment host of the authority, such as `login.microsoftonline.com`
 * @param homeAccountId MSAL's `uid.utid`, the same for a person's account in every tenant that it is a guest of; the subject
 *   at an identity provider that has no such thing
 */
export function accountKeyOf(environment: string, homeAccountId: string): string {
  // Microsoft's ids are the same in either case. Subjects differ by it (OpenID Connect Core 1.0 section 2): "Ada" is not "ada".
  const id = ofTenant.test(homeAccountId) ? asciiLowerCase(homeAccountId) : homeAccountId;
  return sha256Base64Url(asciiLowerCase(environment), id);
}

/** What the database knows a session by: a hash of the secret in the cookie, never the secret. */
export function sessionKeyOf(secret: string): string {
  return sha256Base64Url(Buffer.from(secret, "base64url"));
}

/** One browser's session of an account, as stored. Times are ISO 8601, UTC. */
export interface StoredSession {
  /** Id of this session's entry in the `sid` index; null where the identity provider gave no `sid`. */
  readonly sid: string | null;
  readonly createdAt: string;
  /** When the sign-in began that opened it; a sign-out at the identity provider since then means this session. */
  readonly startedAt?: string;
  /** The two times above as the instance counts that opened the session; the latter if it began the sign-in, too. */
  readonly createdTick?: Tick;
  readonly startedTick?: Tick;
  readonly lastSeenAt: string;
  /** End of the absolute lifetime; the idle lifetime may end the session earlier. */
  readonly expiresAt: string;
  /** Family names of browser and system, for the person's list of sessions. */
  readonly userAgent: string;
  /** Compact JWE that only the cookie's secret opens. */
  readonly sealed: string;
  /** Key of the session that the same browser had before, and that ended when this one began. */
  readonly replaced?: string;
  /** The `sid` of that one, if it was there and had one. */
  readonly replacedSid?: string;
  /** Whether that one was there and had not ended by itself: its cookie still opened it. */
  readonly replacedLive?: true;
}

/** Everything kept for one account. Deleting this document signs the account out everywhere. */
export interface AccountDocument {
  readonly id: string;
  readonly sessions: Readonly<Record<string, StoredSession>>;
  /** Seconds after the last write at which Azure Cosmos DB removes the document by itself. */
  readonly ttl: number;
  /** New on every write: tells an own write whose answer was lost from somebody else's. */
  readonly writeId: string;
  /** Only of what {@link unreadableAccount} makes; never stored. */
  readonly unreadable?: true;
}

/** What a pure change makes of a document: new contents, its end, or nothing. */
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

/** Milliseconds since the epoch at which `session` ends unless it is used before. */
export function endOf(session: StoredSession, { idleTimeoutMinutes }: Lifetimes): number {
  const idleEnd = Date.parse(session.lastSeenAt) + idleTimeoutMinutes * 60_000;
  return Math.min(idleEnd, Date.parse(session.expiresAt));
}

/** The session called `sessionKey` if it is there and neither lifetime has passed at `now`. */
export function liveSession(
  document: AccountDocument,
  sessionKey: string,
  lifetimes: Lifetimes,
  now: number,
): StoredSession | undefined {
  const session = sessionOf(document.sessions, sessionKey);
  return session && endOf(session, lifetimes) > now ? session : undefined;
}

/** Key and session with which the browser that held `sessionKey` has signed in anew. */
export function successorOf(document: AccountDocument, sessionKey: string): [string, StoredSession] | undefined {
  return Object.entries(document.sessions).find(([, { replaced }]) => replaced === sessionKey);
}

/** Whole seconds from `now` until the last of `sessions` ends; at least 1, the least that Azure Cosmos DB takes. */
export function ttlOf(sessions: AccountDocument["sessions"], lifetimes: Lifetimes, now: number): number {
  const last = Math.max(...Object.values(sessions).map((session) => endOf(session, lifetimes)));
  return Math.max(1, Math.ceil((last - now) / 1000));
}

/** The session under a key that may be missing, or be the name of what every object has. */
export function sessionOf(sessions: AccountDocument["sessions"], key: string | undefined): StoredSession | undefined {
  return key !== undefined && Object.hasOwn(sessions, key) ? sessions[key] : undefined;
}

/** Removes the sessions that `isEnded` picks. The last one out takes the document with it. */
export function removeSessions(
  document: AccountDocument,
  isEnded: (session: StoredSession, sessionKey: string) => boolean,
): Change {
  const entries = Object.entries(document.sessions);
  const kept = entries.filter(([key, session]) => !isEnded(session, key));
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
 * What is known of a stored document that is not of this version's shape: another version's, or a damaged one. It holds no
 * session that could be used here. Sign-ins replace it, and every sign-out that leads to it deletes it: nobody can tell
 * whose sessions are in it, and tokens that nothing can reach any more must not stay.
 */
export function unreadableAccount({ id, writeId }: Readonly<Record<string, unknown>>): AccountDocument {
  return { id: String(id), sessions: {}, ttl: 1, writeId: String(writeId), unreadable: true };
}

function isStoredSession(value: unknown): value is StoredSession {
  if (!isRecord(value)) return false;
  const times = [value["createdAt"], value["lastSeenAt"], value["expiresAt"]];
  const hasTimes = times.every((time) => typeof time === "string" && !Number.isNaN(Date.parse(time)));
  const { sealed, sid, startedAt = "", replaced = "", replacedSid = "" } = value;
  const texts = [sealed, sid === null ? "" : sid, startedAt, replaced, replacedSid];
  const hasTicks = [value["createdTick"], value["startedTick"]].every((tick) => tick === undefined || isTick(tick));
  return hasTimes && hasTicks && texts.every((text) => typeof text === "string");
}
