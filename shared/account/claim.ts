import type { PointOperations, Versioned } from "../store/point-operations.ts";
import type { Claim, SidEntry } from "./index-entry.ts";
import { changeEntry, resultOf, type EntryChange } from "./change-entry.ts";
import { isSignedOutSince, type Begun } from "./signed-out-since.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** The claim of a sign-in: the entry of a `sid`, or of a subject, is to lead to its account. */
export interface NewClaim extends Claim, Begun {
  /** Id of the entry. */
  readonly id: string;
  /** Seconds for which the session can live. */
  readonly ttl: number;
  /** From which account the claim may take the entry: from any or, by default, from none. */
  readonly takesFrom?: "any account" | OtherAccount | undefined;
}

/**
 * The entry leads to another account. If the claim took it now, a sign-out would no longer find that account's sessions. So
 * the caller first ends them, and then claims again, from this very version.
 */
export interface OtherAccount {
  readonly outcome: "other account";
  readonly accountKey: string;
  readonly seen: Versioned<SidEntry>;
}

export type SeenEntry = Versioned<SidEntry> | undefined | "unread";

export type Claimed =
  | { readonly outcome: "claimed" }
  /** A sign-out came after the sign-in began. */
  | { readonly outcome: "signed out" }
  | OtherAccount;

/**
 * Makes the index lead from a `sid`, or a subject, to an account.
 * @param seen the entry as last read. "unread" spares the read where there is probably no entry; if there is one, it costs two
 *   operations more
 */
export async function claimSid(
  sids: PointOperations<StoredEntry>,
  claim: NewClaim,
  seen: SeenEntry,
  signal: AbortSignal,
): Promise<Claimed> {
  const entry = { kind: "sid or subject", id: claim.id } as const;
  const [first, readBy] = seen === "unread" ? [undefined, 1] : [seen, 0];
  const decide = (current: typeof first, attempt: number) => decideClaim(claim, current, attempt - readBy);
  return resultOf(await changeEntry(sids, entry, first, decide, signal));
}

/**
 * Pure: decides on one version of the entry.
 * @param attempt 1 with the entry as first read; later attempts see what a conflict has brought
 */
export function decideClaim(
  claim: NewClaim,
  current: Versioned<SidEntry> | undefined,
  attempt: number,
): EntryChange<SidEntry, Claimed> {
  const entry = current?.document;
  if (isSignedOutSince(entry?.mark, claim)) return { result: { outcome: "signed out" } };
  if (attempt > 1 && leadsTo(entry, claim)) return { result: { outcome: "claimed" } };
  const other = otherAccountIn(current, claim);
  return other ? { result: other } : { write: withClaim(claim, entry), result: { outcome: "claimed" } };
}

/** Whether others have just written what the claim is for: another tab's sign-in of the same account, for example. */
function leadsTo(entry: SidEntry | undefined, { accountKey, ttl }: NewClaim): boolean {
  return entry?.claim?.accountKey === accountKey && entry.ttl >= ttl && !entry.unreadable;
}

/** The other account that the entry leads to, unless the claim may take the entry from it. */
function otherAccountIn(
  current: Versioned<SidEntry> | undefined,
  { accountKey, takesFrom }: NewClaim,
): OtherAccount | undefined {
  const other = current?.document.claim?.accountKey ?? accountKey;
  if (!current || other === accountKey || takesFrom === "any account") return undefined;
  if (current.etag === takesFrom?.seen.etag) return undefined;
  return { outcome: "other account", accountKey: other, seen: current };
}

function withClaim({ id, accountKey, sessionKey, ttl }: NewClaim, entry: SidEntry | undefined): SidEntry {
  return {
    kind: "sid or subject",
    id,
    claim: { accountKey, sessionKey },
    mark: entry?.mark ?? null,
    jtis: entry?.jtis,
    // An earlier session may live longer than this one, if the settings have changed.
    ttl: Math.max(ttl, entry?.ttl ?? 0),
  };
}
