import { isRecord } from "../encoding.ts";
import { StoreContentionError } from "../store/errors.ts";
import type { PointOperations, Stored, Unwritten, Versioned } from "../store/point-operations.ts";

/**
 * What a `sid` leads to. After a front-channel sign-out the entry stays for a while as a tombstone
 * (`signedOutAt` is set), so that a sign-in still in flight for that `sid` finds out. A `sid` that was never seen
 * gets a tombstone without an account.
 */
export interface SidEntry extends Stored {
  readonly accountKey: string | null;
  readonly sessionKey: string | null;
  /** ISO 8601, UTC; null while the session may live. */
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
  readonly sessionKey: string;
  readonly ttl: number;
}

/**
 * Makes the index lead from a `sid` to a new session.
 * @param seen the entry as last read
 * @returns "signed out" if a sign-out for this `sid` came first; else "claimed", with the other account that the
 *   entry led to before, if it did
 */
export async function claimSid(
  sids: PointOperations<SidEntry>,
  claim: SidClaim,
  seen: Versioned<SidEntry> | undefined,
  signal: AbortSignal,
): Promise<{ outcome: "signed out" } | { outcome: "claimed"; displaced: string | undefined }> {
  const entry = { ...claim, signedOutAt: null };
  let current = seen;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    if (current?.document.signedOutAt) return { outcome: "signed out" };
    const written = await createOrReplace(sids, entry, current, signal);
    if (written.outcome === "written") {
      const earlier = current?.document.accountKey ?? undefined;
      return { outcome: "claimed", displaced: earlier === claim.accountKey ? undefined : earlier };
    }
    current = written.current;
  }
  throw new StoreContentionError();
}

/**
 * Marks a `sid` as signed out, known or not, before anything else is done about it.
 * @param jti of the logout token, if there is one
 * @returns the account that the `sid` led to, also when it was marked before: a sign-out that failed half-way can be
 *   repeated. `replayed` if the same logout token had marked it.
 */
export async function entomb(
  sids: PointOperations<SidEntry>,
  sidKey: string,
  jti: string | null,
  signal: AbortSignal,
): Promise<{ accountKey: string | null; replayed: boolean }> {
  let current = await sids.read(sidKey, signal);
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const { accountKey = null, sessionKey = null, signedOutAt = null } = current?.document ?? {};
    if (signedOutAt !== null) return { accountKey, replayed: jti !== null && current?.document.jti === jti };
    const tombstone = {
      id: sidKey,
      accountKey,
      sessionKey,
      signedOutAt: new Date().toISOString(),
      jti,
      ttl: tombstoneSeconds,
    };
    const written = await createOrReplace(sids, tombstone, current, signal);
    if (written.outcome === "written") return { accountKey, replayed: false };
    current = written.current;
  }
  throw new StoreContentionError();
}

/** Makes the index lead from a subject to its account, for issuers whose logout tokens may name the subject alone. */
export async function claimSubject(
  sids: PointOperations<SidEntry>,
  claim: { readonly id: string; readonly accountKey: string; readonly ttl: number },
  signal: AbortSignal,
): Promise<void> {
  const entry = { ...claim, sessionKey: null, signedOutAt: null };
  let current = await sids.read(claim.id, signal);
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const written = await createOrReplace(sids, entry, current, signal);
    if (written.outcome === "written") return;
    current = written.current;
  }
  throw new StoreContentionError();
}

/** Notes that a logout token was used. False if it had been used before. */
export async function useLogoutToken(
  sids: PointOperations<SidEntry>,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  const signedOutAt = new Date().toISOString();
  const used = await sids.create(
    { id, accountKey: null, sessionKey: null, signedOutAt, ttl: tombstoneSeconds },
    signal,
  );
  return used.outcome === "created";
}

async function createOrReplace(
  sids: PointOperations<SidEntry>,
  entry: Unwritten<SidEntry>,
  current: Versioned<SidEntry> | undefined,
  signal: AbortSignal,
): Promise<{ outcome: "written" } | { outcome: "refused"; current: Versioned<SidEntry> | undefined }> {
  const result = current ? await sids.replace(entry, current.etag, signal) : await sids.create(entry, signal);
  if (result.outcome === "conflict") return { outcome: "refused", current: result.current };
  if (result.outcome === "gone") return { outcome: "refused", current: undefined };
  return { outcome: "written" };
}

export function isSidEntry(value: unknown): value is SidEntry {
  return isRecord(value) && [value["accountKey"], value["sessionKey"], value["signedOutAt"]].every(isStringOrNull);
}

function isStringOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}
