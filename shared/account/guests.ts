import { asciiLowerCase } from "../core/encoding.ts";
import type { AccountClaims } from "../identity/account-claims.ts";
import type { Versioned } from "../store/point-operations.ts";
import { readEntry } from "./change-entry.ts";
import { accountKeyOf, isOfTenant, type AccountDocument } from "./document.ts";
import { personKeyOf } from "./index-entry.ts";
import type { AccountStore } from "./store.ts";

/** Id of the entry that leads from a guest's local id to the account; undefined for everybody else, who needs none. */
export function guestKeyFor(
  environment: string,
  { homeAccountId, objectId, tenantId }: Pick<AccountClaims, "homeAccountId" | "objectId" | "tenantId">,
): string | undefined {
  const localId = `${objectId}.${tenantId}`;
  const isGuest = isOfTenant(homeAccountId) && asciiLowerCase(homeAccountId) !== asciiLowerCase(localId);
  return isGuest ? personKeyOf(environment, localId) : undefined;
}

/**
 * The account's document by an id as a tenant knows it, `<object id>.<tenant id>`: of a member, or of a guest of that tenant. Takes
 * one read for a member who is signed in, and three at most.
 */
export async function findAccount(
  { accounts, sids }: AccountStore,
  environment: string,
  id: string,
  signal: AbortSignal,
): Promise<Versioned<AccountDocument> | undefined> {
  const own = await accounts.read(accountKeyOf(environment, id), signal);
  if (own || !isOfTenant(id)) return own;
  const entry = await readEntry(sids, "sid or subject", personKeyOf(environment, id), signal);
  const accountKey = entry?.document.claim?.accountKey;
  return accountKey === undefined ? undefined : accounts.read(accountKey, signal);
}
