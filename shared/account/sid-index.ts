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
  /** Hashes of the last logout tokens' `jti`: none must be used twice. */
  readonly jtis?: readonly string[];
}

/**
 * Seconds for which a signed-out `sid` is remembered at least. Longer than a sign-in can be under way after the identity
 * provider has issued its code: codes live for 10 minutes at most, the callback for seconds.
 */
const tombstoneSeconds = 15 * 60;
/** The same for a logout token: as long as a token can be valid, with clocks that differ. */
const tokenSeconds = 25 * 60;
/** Logout tokens that are remembered for one `sid` or subject. */
const maxTokens = 16;

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
      ttl: Math.max(ttl, entry?.ttl ?? 0),
      signedOutAt: entry?.signedOutAt ?? null,
      ...(entry?.jtis && { jtis: entry.jtis }),
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

/** A sign-out to be noted in the index. */
export interface Mark {
  /** Id of the entry. */
  readonly id: string;
  /** What the mark is for, ISO 8601, UTC: sign-ins that began later are not meant. */
  readonly signedOutAt: string;
  /** Hash of the logout token's `jti`, if there is one. */
  readonly jti: string | undefined;
  /** Told the account as soon as it is known: the mark may fail, and the entry be gone when it is tried again. */
  readonly located: (accountKey: string) => void;
}

export interface Marked {
  /** The account that the entry led to, also when it was marked before: a sign-out that failed half-way can be repeated. */
  readonly accountKey: string | null;
  /** When the same logout token was received before, the time of that mark. */
  readonly replayOf: string | undefined;
}

/** Marks a `sid`, or a subject, as signed out, known or not, before anything else is done about it. */
export async function entomb(sids: PointOperations<SidEntry>, mark: Mark, signal: AbortSignal): Promise<Marked> {
  let current = await sids.read(mark.id, signal);
  let accountKey: string | null = null;
  let isLost = false;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const entry = current?.document;
    // An entry that expires meanwhile still has told whom it is about.
    accountKey = entry?.accountKey ?? accountKey;
    if (accountKey !== null) mark.located(accountKey);
    if (mark.jti !== undefined && entry?.jtis?.includes(mark.jti)) {
      // One that was not there at first is of an attempt whose answer was lost, or of the same token coming twice at once.
      return { accountKey, replayOf: attempt > 1 ? undefined : (entry.signedOutAt ?? undefined) };
    }
    const written = await createOrReplace(sids, tombstoneOf(mark, entry, accountKey), current, signal);
    if (written.outcome === "written") return { accountKey, replayOf: undefined };
    ({ current, isLost } = written);
  }
  throw outOfAttempts(isLost);
}

function tombstoneOf(
  { id, signedOutAt, jti }: Mark,
  entry: SidEntry | undefined,
  accountKey: string | null,
): Unwritten<SidEntry> {
  const earlier = entry?.signedOutAt ?? signedOutAt;
  const jtis = [...(entry?.jtis ?? []), ...(jti === undefined ? [] : [jti])].slice(-maxTokens);
  return {
    id,
    accountKey,
    sessionKey: entry?.sessionKey ?? null,
    signedOutAt: earlier > signedOutAt ? earlier : signedOutAt,
    ...(jtis.length > 0 && { jtis }),
    // As long as before: sessions that this sign-out spares, or does not get to, must stay within reach of the next one.
    ttl: Math.max(jtis.length > 0 ? tokenSeconds : tombstoneSeconds, entry?.ttl ?? 0),
  };
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
  if (!isRecord(value)) return false;
  const { jtis = [] } = value;
  return (
    [value["accountKey"], value["sessionKey"], value["signedOutAt"]].every(isStringOrNull) &&
    Array.isArray(jtis) &&
    jtis.every((jti) => typeof jti === "string")
  );
}

function isStringOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}
