import { isDeepStrictEqual } from "node:util";
import { settled } from "../core/waiting.ts";
import type { PointOperations } from "../store/point-operations.ts";
import type { SidEntry } from "./index-entry.ts";
import { rememberToken, tokenSeconds } from "./remembered-token.ts";
import { changeEntry, readEntry, type EntryChange } from "./change-entry.ts";
import { laterOf, markSeconds, type Mark } from "./signed-out-since.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** The number of logout tokens that an entry remembers itself. A further one costs an operation more. */
const maxTokens = 200;

/** A sign-out, to be noted in the entry of a `sid`, a subject or a person. */
export interface NewMark extends Mark {
  /** Id of the entry. */
  readonly id: string;
  /** Hash of the logout token's `jti`, if there is one. */
  readonly jti: string | undefined;
}

/** The account that an entry leads to, and whether the mark is in the entry. */
export type Marked = MarkWritten | MarkFailed;

export interface MarkWritten {
  readonly outcome: "marked";
  /** The account that the entry leads to, also if it was marked before: a sign-out that failed half-way can be repeated. */
  readonly accountKey: string | null;
  /** If the same logout token was received before, its mark of that time. */
  readonly replayOf: Mark | undefined;
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

/** Marks a `sid`, or a subject, as signed out, whether it is known or not. A sign-out does this first. Never rejects. */
export async function markSignedOut(
  sids: PointOperations<StoredEntry>,
  mark: NewMark,
  signal: AbortSignal,
): Promise<Marked> {
  const { id } = mark;
  const read = await settled(readEntry(sids, "sid or subject", id, signal));
  if ("error" in read) return { outcome: "failed", accountKey: null, error: read.error };
  const seen = read.value;
  const { claim, unreadable = false } = seen?.document ?? {};
  const accountKey = claim?.accountKey ?? null;
  const remembered = await settled(rememberApart(sids, mark, seen?.document, signal));
  if ("error" in remembered) return { outcome: "failed", accountKey, error: remembered.error };
  const { meant, replayOf } = remembered.value;
  const found: MarkWritten = { outcome: "marked", accountKey, replayOf, unreadable };
  const decide = (current: typeof seen, attempt: number, last = found) =>
    decideMark(meant, current?.document, last, attempt);
  const written = await changeEntry(sids, { kind: "sid or subject", id }, seen, decide, signal);
  if ("value" in written) return written.value;
  return { outcome: "failed", accountKey: (written.lastResult ?? found).accountKey, error: written.error };
}

/**
 * Remembers the logout token in an entry of its own if the entry of the `sid` has no room for it.
 * @returns the mark that is left to write, and if the token was received before, its mark of that time
 */
async function rememberApart(
  sids: PointOperations<StoredEntry>,
  mark: NewMark,
  entry: SidEntry | undefined,
  signal: AbortSignal,
): Promise<{ readonly meant: NewMark; readonly replayOf: Mark | undefined }> {
  const { id, jti, ...moment } = mark;
  if (jti === undefined || hasRoomFor(jti, entry, moment)) return { meant: mark, replayOf: undefined };
  const replayOf = await rememberToken(sids, { id, jti, ...moment }, signal);
  return { meant: { ...(replayOf ?? moment), id, jti: undefined }, replayOf };
}

/**
 * Pure: decides on one version of the entry.
 * @param found what is known so far. The entry may have expired since: it has told whose it is all the same
 * @param attempt from 1; later attempts see what a conflict has brought
 */
export function decideMark(
  mark: NewMark,
  entry: SidEntry | undefined,
  found: MarkWritten,
  attempt: number,
): EntryChange<SidEntry, MarkWritten> {
  const marked = { ...found, accountKey: entry?.claim?.accountKey ?? found.accountKey };
  if (mark.jti !== undefined && entry?.jtis?.includes(mark.jti)) {
    // A token that appears at a later attempt was written by this very change, its answer lost, or has come twice at once.
    return { result: { ...marked, replayOf: attempt > 1 ? undefined : (entry.mark ?? undefined) } };
  }
  const write = withMark(mark, entry, marked.accountKey);
  const isDone = (attempt > 1 || marked.replayOf !== undefined) && isMarked(entry, write);
  return isDone ? { result: marked } : { write, result: marked };
}

function withMark(mark: NewMark, entry: SidEntry | undefined, accountKey: string | null): SidEntry {
  const { id, jti, ...moment } = mark;
  const jtis = [...tokensOf(entry, moment), ...(jti === undefined ? [] : [jti])];
  return {
    kind: "sid or subject",
    id,
    claim: entry?.claim ?? (accountKey === null ? null : { accountKey, sessionKey: null }),
    mark: entry?.mark ? laterOf(entry.mark, moment) : moment,
    jtis: jtis.length > 0 ? jtis : undefined,
    // As long as before: sessions that this sign-out spares, or does not get to, must stay within reach of the next one.
    ttl: Math.max(jtis.length > 0 ? tokenSeconds : markSeconds, entry?.ttl ?? 0),
  };
}

/** Whether another sign-out has just written what this one is about to: the person has many frames, for example. */
function isMarked(entry: SidEntry | undefined, { claim, mark, jtis = [], ttl }: SidEntry): boolean {
  if (!entry || entry.unreadable) return false;
  const isSame = entry.mark?.signedOutAt === mark?.signedOutAt && entry.claim?.accountKey === claim?.accountKey;
  const hasTick = isDeepStrictEqual(entry.mark?.signedOutTick, mark?.signedOutTick);
  return isSame && hasTick && entry.ttl >= ttl && jtis.every((jti) => entry.jtis?.includes(jti));
}

function hasRoomFor(jti: string, entry: SidEntry | undefined, mark: Mark): boolean {
  const known = tokensOf(entry, mark);
  return known.includes(jti) || known.length < maxTokens;
}

/** The tokens that the entry remembers and that may still be valid: after so long without any sign-out, none is. */
function tokensOf(entry: SidEntry | undefined, { signedOutAt }: Mark): readonly string[] {
  const silence = Date.parse(signedOutAt) - Date.parse(entry?.mark?.signedOutAt ?? signedOutAt);
  return silence > 2 * tokenSeconds * 1000 ? [] : (entry?.jtis ?? []);
}
