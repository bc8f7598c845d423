import { isRecord, sha256Base64Url } from "../core/encoding.ts";
import { isTick, type Tick } from "../store/clock.ts";
import type { Stored } from "../store/point-operations.ts";

/**
 * What a `sid` leads to. After a front-channel sign-out the entry stays for a while with `signedOutAt`, so that a
 * sign-in still in flight for that `sid` finds out. A `sid` that was never seen gets an entry without an account.
 */
export interface SidEntry extends Stored {
  readonly accountKey: string | null;
  readonly sessionKey: string | null;
  /**
   * The last sign-out, ISO 8601, UTC; null if there was none. It stays when the entry is claimed again: sign-ins that
   * began before it are refused all the same.
   */
  readonly signedOutAt: string | null;
  /** The same as an instance counts, where all sign-outs so far were asked for at that one. */
  readonly signedOutTick?: Tick;
  /** Hashes of the last logout tokens' `jti`: none must be used twice. */
  readonly jtis?: readonly string[];
  /** Only of what {@link unreadableEntry} makes; never stored. */
  readonly unreadable?: true;
}

/**
 * Id of the index entry for an OpenID Connect session id.
 * @param authority the configured authority. Not the `iss` of one token: a front-channel sign-out may come without it,
 *   and under a multi-tenant authority `sid` alone does not tell the tenant.
 */
export function sidKeyOf(authority: string, sid: string): string {
  return sha256Base64Url(authority, "sid", sid);
}

/** Id of the index entry for a subject, which is unique within its issuer (OpenID Connect Core 1.0 section 2). */
export function subjectKeyOf(issuer: string, subject: string): string {
  return sha256Base64Url(issuer, "sub", subject);
}

/** Whether `value`, as read from the store, has the shape of an entry. What else is in it does not matter. */
export function isSidEntry(value: unknown): value is SidEntry {
  if (!isRecord(value)) return false;
  const { accountKey, sessionKey, signedOutAt, signedOutTick, ttl, jtis = [] } = value;
  return (
    [accountKey, sessionKey].every((key) => key === null || isKey(key)) &&
    (signedOutAt === null || isMark(signedOutAt, lastWriteOf(value))) &&
    (signedOutTick === undefined || isTick(signedOutTick)) &&
    isTtl(ttl) &&
    Array.isArray(jtis) &&
    jtis.every((jti) => typeof jti === "string")
  );
}

/** Seconds: as long as the settings let any session live. For an entry that does not say how long it is needed. */
const longestTtl = 90 * 24 * 3600;

/**
 * What is known of a stored entry that is not of this version's shape: another version's, or a damaged one. Whatever it may
 * lead to is followed, and where it may hold a sign-out, it holds one: no sign-in that began before it was last written is
 * let in. The next sign-in or sign-out writes it anew.
 */
export function unreadableEntry(stored: Readonly<Record<string, unknown>>): SidEntry {
  const { id, accountKey, sessionKey, signedOutAt, ttl, writeId, jtis, ...others } = stored;
  return {
    id: String(id),
    accountKey: keyIn(accountKey) ?? keyIn(others),
    sessionKey: isKey(sessionKey) ? sessionKey : null,
    signedOutAt: markIn(signedOutAt, lastWriteOf(stored)),
    ...(Array.isArray(jtis) && { jtis: jtis.filter((jti) => isKey(jti)) }),
    ttl: isTtl(ttl) ? ttl : longestTtl,
    writeId: String(writeId),
    unreadable: true,
  };
}

/** Accounts and sessions go by SHA-256 hashes in base64url. */
function isKey(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** How deep an unreadable entry is searched: it may be anything. */
const searchDepth = 3;

/** The first key in a value of any shape. One that is no account's leads to nothing. */
function keyIn(value: unknown, depth = searchDepth): string | null {
  if (isKey(value)) return value;
  if (typeof value !== "object" || value === null || depth === 0) return null;
  for (const part of Object.values(value)) {
    const key = keyIn(part, depth - 1);
    if (key !== null) return key;
  }
  return null;
}

/** By how many milliseconds a mark may be ahead of the store's clock, because the instance was that wrote it. */
const clockTolerance = 15 * 60_000;

/** Marks are compared as text, so only the one spelling will do. None is for the future. */
function isMark(value: unknown, lastWrite: number): value is string {
  const time = typeof value === "string" ? Date.parse(value) : NaN;
  return time <= lastWrite + clockTolerance && new Date(time).toISOString() === value;
}

/** Whatever sign-out an entry holds came before its last write. */
function markIn(value: unknown, lastWrite: number): string | null {
  if (value === null) return null;
  const time = typeof value === "string" ? Date.parse(value) : NaN;
  return new Date(time < lastWrite ? time : lastWrite).toISOString();
}

/** In milliseconds since the epoch, by the store's clock, which counts in seconds. */
function lastWriteOf({ _ts: seconds }: Readonly<Record<string, unknown>>): number {
  return typeof seconds === "number" ? seconds * 1000 : Date.now();
}

function isTtl(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0;
}
