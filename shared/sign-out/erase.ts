import type { AccountDocument } from "../account/document.ts";
import { readEntry } from "../account/change-entry.ts";
import { findAccount } from "../account/guests.ts";
import { personKeyOf, storedOf, type SidEntry } from "../account/index-entry.ts";
import { markSeconds } from "../account/signed-out-since.ts";
import type { AccountStore } from "../account/store.ts";
import type { App } from "../app/app.ts";
import type { Versioned } from "../store/point-operations.ts";
import { purgeAccount } from "./by-administrator.ts";
import type { SigningOut } from "./defer.ts";
import type { SignOutResult } from "./end-sessions.ts";

export interface ErasureResult extends SignOutResult {
  /** Entries of the index that no longer lead to the account. */
  readonly entriesRemoved: number;
}

/**
 * Signs an account out everywhere, and removes what the index has about its sessions. What is left is the mark of this
 * order, for 16 minutes.
 *
 * The entries are read first, and deleted last in that very version: a sign-in that has begun since claims its entry anew, and
 * stays within reach. The mark of a `sid` is needed no more, because that of the account refuses the same sign-ins.
 * @throws {SignOutDeferredError} like every sign-out; then the entries stay until their time to live ends
 */
export async function eraseAccount(app: App, id: string, invocation: SigningOut): Promise<ErasureResult> {
  const { signal } = invocation;
  const store = await app.store();
  const account = await findAccount(store, app.authority.environment, id, signal);
  const read = async (key: string) => readEntry(store.sids, "sid or subject", key, signal);
  const entries = await Promise.all(entryIdsOf(account?.document).map(read));
  const result = await purgeAccount(app, id, invocation);
  const markedId = personKeyOf(app.authority.environment, id);
  const remove = async (entry: Versioned<SidEntry> | undefined) => {
    if (!entry || !account || entry.document.claim?.accountKey !== account.document.id) return false;
    if (entry.document.id === markedId) return emptyEntry(store, markedId, account.document.id, signal);
    return (await store.sids.delete(entry.document.id, entry.etag, signal)).outcome === "deleted";
  };
  const removed = await Promise.all(entries.map(remove));
  return { ...result, entriesRemoved: removed.filter(Boolean).length };
}

/**
 * Empties the entry of a guest that the order itself has marked: the mark stays, and the entry leads nowhere. The entry is read
 * before the account: a sign-in that has begun since writes the account first and claims the entry then. So either the account is
 * there, or the claim changes the version that is replaced here, or it comes later.
 */
async function emptyEntry(
  { accounts, sids }: AccountStore,
  id: string,
  accountKey: string,
  signal: AbortSignal,
): Promise<boolean> {
  const marked = await readEntry(sids, "sid or subject", id, signal);
  if (!marked || (await accounts.read(accountKey, signal))) return false;
  const emptied = storedOf({ ...marked.document, claim: null, ttl: markSeconds });
  return (await sids.replace(emptied, marked.etag, signal)).outcome === "replaced";
}

/** Sessions of one guest, or of one session at the identity provider, share an entry. */
function entryIdsOf(document: AccountDocument | undefined): readonly string[] {
  const sessions = Object.values(document?.sessions ?? {});
  const ids = sessions.flatMap(({ sid, guest }) => [sid, guest]);
  return [...new Set(ids.filter((id) => id !== null && id !== undefined))];
}
