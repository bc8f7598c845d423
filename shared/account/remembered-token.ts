import { sha256Base64Url } from "../core/encoding.ts";
import type { PointOperations, Versioned } from "../store/point-operations.ts";
import type { LogoutTokenEntry } from "./index-entry.ts";
import { changeEntry, resultOf, type EntryChange } from "./change-entry.ts";
import type { Mark } from "./signed-out-since.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** Seconds for which a logout token is remembered at least: as long as one can be valid, with clocks that differ. */
export const tokenSeconds = 25 * 60;

/** A logout token, and the mark that it makes. */
interface UsedToken extends Mark {
  /** Id of the entry of its `sid` or subject. */
  readonly id: string;
  /** Hash of its `jti`. */
  readonly jti: string;
}

/**
 * Remembers a logout token in an entry of its own, where the entry of its `sid` or subject has no room for one more. So none
 * that can be valid is forgotten, however many come.
 * @returns if the token was received before, its mark of that time
 */
export async function rememberToken(
  sids: PointOperations<StoredEntry>,
  { id, jti, ...mark }: UsedToken,
  signal: AbortSignal,
): Promise<Mark | undefined> {
  const token = { kind: "logout token", id: tokenKeyOf(id, jti), mark, ttl: tokenSeconds } as const;
  const decide = (current: Versioned<LogoutTokenEntry> | undefined, attempt: number) =>
    decideToken(token, current?.document, attempt);
  return resultOf(await changeEntry(sids, token, undefined, decide, signal));
}

/** Pure: decides on one version of the entry. @param attempt from 1; later attempts see what a conflict has brought */
export function decideToken(
  token: LogoutTokenEntry & { readonly mark: Mark },
  current: LogoutTokenEntry | undefined,
  attempt: number,
): EntryChange<LogoutTokenEntry, Mark | undefined> {
  if (!current) return { write: token, result: undefined };
  // The first attempt always creates, so the second one finds what was there before. What appears later was written by this
  // very change, its answer lost, or the same token has come twice at once.
  return { result: attempt > 2 ? undefined : (current.mark ?? token.mark) };
}

function tokenKeyOf(entry: string, jti: string): string {
  return sha256Base64Url(entry, "jti", jti);
}
