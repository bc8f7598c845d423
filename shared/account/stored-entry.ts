import { isRecord } from "../core/encoding.ts";
import { isTick, type Tick } from "../store/clock.ts";
import type { Stored } from "../store/point-operations.ts";

/**
 * An entry of the index as it is stored, in the same shape since the first version. `entryOf` and `storedOf` translate between
 * it and the kinds of entries.
 */
export interface StoredEntry extends Stored {
  readonly accountKey: string | null;
  readonly sessionKey: string | null;
  /** ISO 8601, UTC */
  readonly signedOutAt: string | null;
  readonly signedOutTick?: Tick;
  readonly jtis?: readonly string[];
  /** Only of what {@link unreadableEntry} makes; never stored. */
  readonly unreadable?: true;
}

/** Whether `value`, as read from the store, has the shape of an entry. What else is in it does not matter. */
export function isStoredEntry(value: unknown): value is StoredEntry {
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
export function unreadableEntry(stored: Readonly<Record<string, unknown>>): StoredEntry {
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
