import { isRecord } from "../encoding.ts";
import { StoreContentionError, StoreUnavailableError } from "../store/errors.ts";
import type { PointOperations, Stored, Unwritten, Versioned } from "../store/point-operations.ts";

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
  /** `jti` of the logout token that signed it out, if it was one: it must not be used twice. */
  readonly jti?: string | null;
}

/**
 * Seconds for which a signed-out `sid` is remembered. Longer than a sign-in can be under way after the identity
 * provider has issued its code: codes live for 10 minutes at most, the callback for seconds.
 */
const tombstoneSeconds = 15 * 60;

const maxAttempts = 12;

export interface SidClaim {
  readonly id: string;
  readonly accountKey: string;
  /** Null for a subject, which may have several sessions. */
  readonly sessionKey: string | null;
  readonly ttl: number;
  /** When the sign-in began, in milliseconds since the epoch: a sign-out that came later counts, an earlier one does not. */
  readonly startedAt: number;
  /** Called before the entry is taken from another account: its sessions would be out of reach afterwards. */
  readonly endDisplaced: (accountKey: string) => Promise<void>;
}

/**
 * Makes the index lead from a `sid`, or a subject, to an account.
 * @param seen the entry as last read
 * @returns "signed out" if a sign-out for it came after the sign-in began
 */
export async function claimSid(
  sids: PointOperations<SidEntry>,
  { id, accountKey, sessionKey, ttl, startedAt, endDisplaced }: SidClaim,
  seen: Versioned<SidEntry> | undefined,
  signal: AbortSignal,
): Promise<"claimed" | "signed out"> {
  let current = seen;
  let isLost = false;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const entry = current?.document;
    if (isSignedOutSince(entry, startedAt)) return "signed out";
    if (entry?.accountKey && entry.accountKey !== accountKey) await endDisplaced(entry.accountKey);
    const claimed = {
      id,
      accountKey,
      sessionKey,
      ttl,
      signedOutAt: entry?.signedOutAt ?? null,
      jti: entry?.jti ?? null,
    };
    const written = await createOrReplace(sids, claimed, current, signal);
    if (written.outcome === "written") return "claimed";
    ({ current, isLost } = written);
  }
  throw outOfAttempts(isLost);
}

/** Whether the entry was signed out after a sign-in that began at `startedAt`. */
export function isSignedOutSince(entry: SidEntry | undefined, startedAt: number): boolean {
  const signedOutAt = entry?.signedOutAt ?? null;
  return signedOutAt !== null && Date.parse(signedOutAt) >= startedAt;
}

/**
 * Marks a `sid` as signed out, known or not, before anything else is done about it.
 * @param jti of the logout token, if there is one
 * @param located told the account as soon as it is known: the mark may fail, and the entry be gone when it is tried again
 * @returns the account that the `sid` led to, also when it was marked before: a sign-out that failed half-way can be
 *   repeated. `replayed` if the same logout token had marked it.
 */
export async function entomb(
  sids: PointOperations<SidEntry>,
  sidKey: string,
  jti: string | null,
  signal: AbortSignal,
  located: (accountKey: string) => void = () => undefined,
): Promise<{ accountKey: string | null; replayed: boolean }> {
  const now = new Date().toISOString();
  let current = await sids.read(sidKey, signal);
  let accountKey: string | null = null;
  let isLost = false;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const { sessionKey = null, signedOutAt = null, jti: used = null } = current?.document ?? {};
    // An entry that expires meanwhile still has told whom it is about.
    accountKey = current?.document.accountKey ?? accountKey;
    if (accountKey !== null) located(accountKey);
    // A lost write of an earlier attempt that has arrived by now is no replay.
    const isOwn = attempt > 1 && signedOutAt === now;
    if (jti !== null && used === jti && !isOwn) return { accountKey, replayed: true };
    if (isOwn) return { accountKey, replayed: false };
    const tombstone = { id: sidKey, accountKey, sessionKey, signedOutAt: now, jti: jti ?? used, ttl: tombstoneSeconds };
    const written = await createOrReplace(sids, tombstone, current, signal);
    if (written.outcome === "written") return { accountKey, replayed: false };
    ({ current, isLost } = written);
  }
  throw outOfAttempts(isLost);
}

/** @param isLost whether the last attempt came to nothing, rather than to somebody else's entry */
function outOfAttempts(isLost: boolean): Error {
  return isLost ? new StoreUnavailableError("create in sids") : new StoreContentionError();
}

/** Writes an entry over the one last seen, or where none was. */
export async function createOrReplace(
  sids: PointOperations<SidEntry>,
  entry: Unwritten<SidEntry>,
  current: Versioned<SidEntry> | undefined,
  signal: AbortSignal,
): Promise<{ outcome: "written" } | { outcome: "refused"; current: Versioned<SidEntry> | undefined; isLost: boolean }> {
  const result = current ? await sids.replace(entry, current.etag, signal) : await sids.create(entry, signal);
  if (result.outcome === "conflict") return { outcome: "refused", current: result.current, isLost: false };
  // A lost entry that arrives late leads to nothing that is not there: writing it again is safe.
  if (result.outcome === "gone" || result.outcome === "lost") {
    return { outcome: "refused", current: undefined, isLost: result.outcome === "lost" };
  }
  return { outcome: "written" };
}

export function isSidEntry(value: unknown): value is SidEntry {
  return isRecord(value) && [value["accountKey"], value["sessionKey"], value["signedOutAt"]].every(isStringOrNull);
}

function isStringOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}
