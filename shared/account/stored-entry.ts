import { longestLifetimeMinutes } from "../configuration/session.ts";
import { isRecord } from "../core/encoding.ts";
import { isTick, type Tick } from "../store/clock.ts";
import type { Stored } from "../store/point-operations.ts";

/**
 * An entry of the index as it is stored. Every kind has the same members, and other versions of the app read them: the shape
 * stays. `entryOf` and `storedOf` translate between it and the kinds.
 */
export interface StoredEntry extends Stored {
  readonly accountKey: string | null;
  readonly sessionKey: string | null;
  /** ISO 8601, UTC. */
  readonly signedOutAt: string | null;
  readonly signedOutTick?: Tick;
  readonly jtis?: readonly string[];
  /** Only of what {@link unreadableEntry} makes; never stored. */
  readonly unreadable?: true;
}

/** Whether `value`, as read from the store, has the shape of an entry. It may have more members. */
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

/** Seconds after which no session is left that began before. An entry that does not say how long it is needed is kept for so long. */
export const longestLifetime = longestLifetimeMinutes * 60;

/**
 * Makes the best of a stored entry that this version cannot read: another version has written it, or it is damaged.
 *
 * - It leads to the first account that is named anywhere in it.
 * - If it may hold a sign-out, it counts as signed out: sign-ins that began before it was last written are refused.
 *
 * The next sign-in or sign-out replaces it.
 */
export function unreadableEntry(stored: Readonly<Record<string, unknown>>): StoredEntry {
  const { id, accountKey, sessionKey, signedOutAt, ttl, writeId, jtis, ...others } = stored;
  return {
    id: String(id),
    accountKey: keyIn(accountKey) ?? keyIn(others),
    sessionKey: isKey(sessionKey) ? sessionKey : null,
    signedOutAt: markIn(signedOutAt, lastWriteOf(stored)),
    ...(Array.isArray(jtis) && { jtis: jtis.filter((jti) => isKey(jti)) }),
    ttl: isTtl(ttl) ? ttl : longestLifetime,
    writeId: String(writeId),
    unreadable: true,
  };
}

/** Whether `value` can be the key of an account or a session: a SHA-256 hash in base64url. */
function isKey(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** Levels of an unreadable entry that are searched. It may be nested without end. */
const searchDepth = 3;

/** The first key in a value of any shape. If it is not the key of an account, it leads to nothing. */
function keyIn(value: unknown, depth = searchDepth): string | null {
  if (isKey(value)) return value;
  if (typeof value !== "object" || value === null || depth === 0) return null;
  for (const part of Object.values(value)) {
    const key = keyIn(part, depth - 1);
    if (key !== null) return key;
  }
  return null;
}

/** Milliseconds. A mark may be ahead of the store's clock, as the clock of the instance was that wrote it. */
const clockTolerance = 15 * 60_000;

/** Whether `value` is the time of a mark. Marks are compared as text, so only one spelling is taken. None is in the future. */
function isMark(value: unknown, lastWrite: number): value is string {
  const time = typeof value === "string" ? Date.parse(value) : NaN;
  return time <= lastWrite + clockTolerance && new Date(time).toISOString() === value;
}

/** The time of the mark that an unreadable entry may hold: at the latest, that of its last write. */
function markIn(value: unknown, lastWrite: number): string | null {
  if (value === null) return null;
  const time = typeof value === "string" ? Date.parse(value) : NaN;
  return new Date(time < lastWrite ? time : lastWrite).toISOString();
}

/** When the store last wrote the entry: milliseconds since the epoch. The store counts in seconds. */
function lastWriteOf({ _ts: seconds }: Readonly<Record<string, unknown>>): number {
  return typeof seconds === "number" ? seconds * 1000 : Date.now();
}

function isTtl(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0;
}
