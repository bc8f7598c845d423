import { isDeepStrictEqual } from "node:util";
import { sha256Base64Url } from "../core/encoding.ts";
import type { PointOperations, Unwritten, Versioned } from "../store/point-operations.ts";
import { wasBefore, type Tick } from "../store/clock.ts";
import { changeEntry, type EntryChange } from "./change-entry.ts";
import type { SidEntry } from "./sid-entry.ts";

/**
 * Seconds for which a signed-out `sid` is remembered at least. Longer than a sign-in can be under way after the identity
 * provider has issued its code: codes live for 10 minutes at most, the callback for seconds.
 */
const markSeconds = 15 * 60;
/** The same for a logout token: as long as a token can be valid, with clocks that differ. */
const tokenSeconds = 25 * 60;
/** So many of a `sid`'s or subject's logout tokens its entry remembers itself, which costs no operation more. */
const maxTokens = 200;

export interface SidClaim {
  readonly id: string;
  readonly accountKey: string;
  /** Null for a subject, which may have several sessions. */
  readonly sessionKey: string | null;
  readonly ttl: number;
  /** When the sign-in began, in milliseconds since the epoch: a sign-out that came later counts, an earlier one does not. */
  readonly startedAt: number;
  readonly startedTick?: Tick | undefined;
  /** From which account the claim may take the entry: from any or, by default, from none. */
  readonly takesFrom?: "any account" | OtherAccount | undefined;
}

/**
 * The account that the entry leads to is another one. If the claim took the entry now, the sessions of that account would be
 * out of reach. The caller ends them, and claims again from this very version.
 */
export interface OtherAccount {
  readonly outcome: "other account";
  readonly accountKey: string;
  readonly seen: Versioned<SidEntry>;
}

export type Claimed =
  | { readonly outcome: "claimed" }
  /** A sign-out came after the sign-in began. */
  | { readonly outcome: "signed out" }
  | OtherAccount;

/**
 * Makes the index lead from a `sid`, or a subject, to an account.
 * @param seen the entry as last read
 */
export async function claimSid(
  sids: PointOperations<SidEntry>,
  claim: SidClaim,
  seen: Versioned<SidEntry> | undefined,
  signal: AbortSignal,
): Promise<Claimed> {
  const decide = (current: Versioned<SidEntry> | undefined, attempt: number) => decideClaim(claim, current, attempt);
  return changeEntry(sids, claim.id, seen, decide, signal);
}

function decideClaim(claim: SidClaim, current: Versioned<SidEntry> | undefined, attempt: number): EntryChange<Claimed> {
  const entry = current?.document;
  if (isSignedOutSince(entry, claim)) return { result: { outcome: "signed out" } };
  if (attempt > 1 && leadsTo(entry, claim)) return { result: { outcome: "claimed" } };
  const other = otherAccountIn(current, claim);
  if (other) return { result: other };
  const { id, accountKey, sessionKey } = claim;
  const write = {
    id,
    accountKey,
    sessionKey,
    ttl: Math.max(claim.ttl, entry?.ttl ?? 0),
    signedOutAt: entry?.signedOutAt ?? null,
    ...(entry?.signedOutTick && { signedOutTick: entry.signedOutTick }),
    ...(entry?.jtis && { jtis: entry.jtis }),
  };
  return { write, result: { outcome: "claimed" } };
}

/** The other account that the entry leads to, unless the claim may take the entry from it. */
function otherAccountIn(
  current: Versioned<SidEntry> | undefined,
  { accountKey, takesFrom }: SidClaim,
): OtherAccount | undefined {
  const other = current?.document.accountKey ?? null;
  if (!current || other === null || other === accountKey || takesFrom === "any account") return undefined;
  if (current.etag === takesFrom?.seen.etag) return undefined;
  return { outcome: "other account", accountKey: other, seen: current };
}

/** Whether others have just written what the claim is for: another tab's sign-in of the same account, for example. */
function leadsTo(entry: SidEntry | undefined, { accountKey, ttl }: SidClaim): boolean {
  return entry?.accountKey === accountKey && entry.ttl >= ttl && !entry.unreadable;
}

/** Whether the entry was signed out after a sign-in began, or may have been. */
export function isSignedOutSince(
  entry: SidEntry | undefined,
  { startedAt, startedTick }: Pick<SidClaim, "startedAt" | "startedTick">,
): boolean {
  if (!entry || entry.signedOutAt === null) return false;
  const wasEarlier = wasBefore(entry.signedOutTick, startedTick);
  return wasEarlier === undefined ? Date.parse(entry.signedOutAt) >= startedAt : !wasEarlier;
}

/** A sign-out to be noted in the index. */
export interface Mark {
  /** Id of the entry. */
  readonly id: string;
  /** When the sign-out was asked for: sign-ins that begin later are not meant. ISO 8601, UTC. */
  readonly signedOutAt: string;
  readonly signedOutTick?: Tick | undefined;
  /** Hash of the logout token's `jti`, if there is one. */
  readonly jti: string | undefined;
}

/** When something was signed out. */
export type Moment = Pick<Mark, "signedOutAt" | "signedOutTick">;

/** The account that an entry leads to, and whether the mark is in the entry. */
export type Marked = MarkWritten | MarkFailed;

export interface MarkWritten {
  readonly outcome: "marked";
  /** The account that the entry led to, also when it was marked before: a sign-out that failed half-way can be repeated. */
  readonly accountKey: string | null;
  /** When the same logout token was received before, the time of that mark. */
  readonly replayOf: Moment | undefined;
  /** Whether the entry could not be read: another account than `accountKey` may be meant. */
  readonly unreadable: boolean;
}

/** The store failed, so that there may be no mark. */
export interface MarkFailed {
  readonly outcome: "failed";
  /** The account, if the entry could be read by then: it may be gone when the sign-out is tried again. */
  readonly accountKey: string | null;
  readonly error: unknown;
}

/** Marks a `sid`, or a subject, as signed out, known or not, before anything else is done about it. Never rejects. */
export async function markSignedOut(sids: PointOperations<SidEntry>, mark: Mark, signal: AbortSignal): Promise<Marked> {
  let accountKey: string | null = null;
  try {
    const seen = await sids.read(mark.id, signal);
    accountKey = seen?.document.accountKey ?? null;
    const unreadable = seen?.document.unreadable ?? false;
    const { jti, replayOf } = await rememberApart(sids, mark, seen?.document, signal);
    const meant = replayOf ? { ...mark, jti, signedOutTick: undefined, ...replayOf } : { ...mark, jti };
    const decide = (current: Versioned<SidEntry> | undefined, attempt: number) => {
      // An entry that expires meanwhile has still told whose it is.
      accountKey = current?.document.accountKey ?? accountKey;
      return decideMark(meant, current?.document, { outcome: "marked", accountKey, replayOf, unreadable }, attempt);
    };
    return await changeEntry(sids, mark.id, seen, decide, signal);
  } catch (error) {
    return { outcome: "failed", accountKey, error };
  }
}

function decideMark(
  mark: Mark,
  entry: SidEntry | undefined,
  marked: MarkWritten,
  attempt: number,
): EntryChange<MarkWritten> {
  if (mark.jti !== undefined && entry?.jtis?.includes(mark.jti)) {
    // One that was not there at first is of an attempt whose answer was lost, or of the same token coming twice at once.
    return { result: { ...marked, replayOf: attempt > 1 ? undefined : momentOf(entry) } };
  }
  const write = withMark(mark, entry, marked.accountKey);
  const isDone = (attempt > 1 || marked.replayOf !== undefined) && isMarked(entry, write);
  return isDone ? { result: marked } : { write, result: marked };
}

/**
 * Where the entry has no room for one more logout token, the token gets an entry of its own, for as long as it can be valid:
 * none that is valid is forgotten, however many come.
 * @returns the token's hash if it is still to be remembered, or when it was received before
 */
async function rememberApart(
  sids: PointOperations<SidEntry>,
  { id, jti, signedOutAt, signedOutTick }: Mark,
  entry: SidEntry | undefined,
  signal: AbortSignal,
): Promise<{ readonly jti: string | undefined; readonly replayOf: Moment | undefined }> {
  const known = tokensOf(entry, signedOutAt);
  if (jti === undefined || known.includes(jti) || known.length < maxTokens) return { jti, replayOf: undefined };
  const moment = { signedOutAt, ...(signedOutTick && { signedOutTick }) };
  const write = { id: tokenKeyOf(id, jti), accountKey: null, sessionKey: null, ...moment, ttl: tokenSeconds };
  // What is there at a later attempt is its own, lost on the way, or the same token coming twice at once.
  const decide = (token: Versioned<SidEntry> | undefined, attempt: number) =>
    token ? { result: attempt > 2 ? undefined : (momentOf(token.document) ?? moment) } : { write, result: undefined };
  return { jti: undefined, replayOf: await changeEntry(sids, write.id, undefined, decide, signal) };
}

/** Id of the index entry for a logout token that the entry of its `sid` or subject has no room for. @param jti its hash */
function tokenKeyOf(entry: string, jti: string): string {
  return sha256Base64Url(entry, "jti", jti);
}

function momentOf({ signedOutAt, signedOutTick }: SidEntry): Moment | undefined {
  return signedOutAt === null ? undefined : { signedOutAt, ...(signedOutTick && { signedOutTick }) };
}

/** Of two instances' sign-outs only the times can tell which is the later one, and they leave it in doubt. */
function laterOf(a: Tick | undefined, b: Tick | undefined): Tick | undefined {
  const isEarlier = wasBefore(a, b);
  return isEarlier === undefined ? undefined : isEarlier ? b : a;
}

/** The tokens that the entry remembers and that may still be valid: after so long without any sign-out, none is. */
function tokensOf(entry: SidEntry | undefined, now: string): readonly string[] {
  const silence = Date.parse(now) - Date.parse(entry?.signedOutAt ?? now);
  return silence > 2 * tokenSeconds * 1000 ? [] : (entry?.jtis ?? []);
}

/** Whether another sign-out has just written what this one is about to: the person has many frames, say. */
function isMarked(
  entry: SidEntry | undefined,
  { accountKey, signedOutAt, signedOutTick, jtis = [], ttl }: Unwritten<SidEntry>,
): boolean {
  if (!entry || entry.unreadable) return false;
  const hasToken = jtis.every((jti) => entry.jtis?.includes(jti));
  const hasTick = isDeepStrictEqual(entry.signedOutTick, signedOutTick);
  return (
    entry.signedOutAt === signedOutAt && hasTick && entry.accountKey === accountKey && entry.ttl >= ttl && hasToken
  );
}

function withMark(
  { id, signedOutAt, signedOutTick, jti }: Mark,
  entry: SidEntry | undefined,
  accountKey: string | null,
): Unwritten<SidEntry> {
  const earlier = entry?.signedOutAt ?? signedOutAt;
  const tick = entry && entry.signedOutAt !== null ? laterOf(entry.signedOutTick, signedOutTick) : signedOutTick;
  const jtis = [...tokensOf(entry, signedOutAt), ...(jti === undefined ? [] : [jti])];
  return {
    id,
    accountKey,
    sessionKey: entry?.sessionKey ?? null,
    signedOutAt: earlier > signedOutAt ? earlier : signedOutAt,
    ...(tick && { signedOutTick: tick }),
    ...(jtis.length > 0 && { jtis }),
    // As long as before: sessions that this sign-out spares, or does not get to, must stay within reach of the next one.
    ttl: Math.max(jtis.length > 0 ? tokenSeconds : markSeconds, entry?.ttl ?? 0),
  };
}
