import { sha256Base64Url } from "../core/encoding.ts";
import type { PointOperations } from "../store/point-operations.ts";
import { changeEntry } from "./change-entry.ts";
import type { SidEntry } from "./sid-entry.ts";

/**
 * The session of another account that a browser has changed to. (Within one account, the new session itself names the one
 * that it replaced.) Requests that still carry the earlier cookie are under way for a moment, and so is the answer with the
 * new one: who looks the earlier session up finds out that the browser has not just lost it.
 */
export interface Successor {
  readonly accountKey: string;
  readonly sessionKey: string;
  /** When it took that place, by the store's clock: ISO 8601, UTC. */
  readonly since: string;
}

/**
 * Seconds. Longer than any answer can be under way, and than the queue goes on trying to finish a sign-out that came with
 * the earlier cookie.
 */
const rememberedFor = 3 * 3600;

/** Id of the index entry that says which other account's session has taken a session's place. */
export function successionKeyOf(sessionKey: string): string {
  return sha256Base64Url("successor of", sessionKey);
}

/** Notes what takes the place of the session `replaced`, in the index of sessions. The last note counts. */
export async function noteSuccessor(
  sids: PointOperations<SidEntry>,
  replaced: string,
  { accountKey, sessionKey, since }: Successor,
  signal: AbortSignal,
): Promise<void> {
  // For this browser the earlier session is over since then.
  const write = { id: successionKeyOf(replaced), accountKey, sessionKey, signedOutAt: since, ttl: rememberedFor };
  await changeEntry(sids, write.id, undefined, () => ({ write, result: undefined }), signal);
}

/** What has taken the place of the session `replaced` within the last hours, if anything has, and is known since when. */
export async function successorElsewhere(
  sids: PointOperations<SidEntry>,
  replaced: string,
  signal: AbortSignal,
): Promise<Successor | undefined> {
  const entry = (await sids.read(successionKeyOf(replaced), signal))?.document;
  const { accountKey = null, sessionKey = null, signedOutAt: since = null } = entry ?? {};
  return accountKey !== null && sessionKey !== null && since !== null ? { accountKey, sessionKey, since } : undefined;
}
