import { sha256Base64Url } from "../core/encoding.ts";
import type { PointOperations } from "../store/point-operations.ts";
import type { Successor, SuccessionNote } from "./index-entry.ts";
import { changeEntry, readEntry, resultOf } from "./change-entry.ts";
import type { StoredEntry } from "./stored-entry.ts";

/**
 * Seconds. Longer than any answer can be under way, and longer than the queue goes on trying to finish a sign-out that came
 * with the earlier cookie.
 */
const rememberedFor = 3 * 3600;

/**
 * Notes in the index which session of another account a browser has changed to. (Within one account, the new session itself
 * names the one that it replaced.) The last note counts.
 *
 * For a moment, requests that still carry the earlier cookie are under way, and so is the answer with the new one. The note
 * tells those requests why the earlier session is gone.
 * @param replaced key of the earlier session
 */
export async function noteSuccessor(
  sids: PointOperations<StoredEntry>,
  replaced: string,
  successor: Successor,
  signal: AbortSignal,
): Promise<void> {
  const write: SuccessionNote = { kind: "succession", id: successionKeyOf(replaced), successor, ttl: rememberedFor };
  resultOf(await changeEntry(sids, write, undefined, () => ({ write, result: undefined }), signal));
}

/** What has taken the place of the session `replaced` within the last hours, if anything has. */
export async function successorElsewhere(
  sids: PointOperations<StoredEntry>,
  replaced: string,
  signal: AbortSignal,
): Promise<Successor | undefined> {
  const note = await readEntry(sids, "succession", successionKeyOf(replaced), signal);
  return note?.document.successor ?? undefined;
}

/** Id of the note on the successor of a session. */
export function successionKeyOf(sessionKey: string): string {
  return sha256Base64Url("successor of", sessionKey);
}
