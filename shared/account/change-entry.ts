import { untilSettled, type Attempt } from "../store/contention.ts";
import { StoreContentionError, StoreUnavailableError } from "../store/errors.ts";
import type { PointOperations, Unwritten, Versioned } from "../store/point-operations.ts";
import type { SidEntry } from "./sid-entry.ts";

/** What to write in place of an entry, if anything, and the result once it is written. */
export interface EntryChange<R> {
  readonly write?: Unwritten<SidEntry>;
  readonly result: R;
}

/**
 * Changes or creates an entry: decides, writes over the version last seen and, on a conflict, decides again on what the others
 * have left.
 * @param decide pure. Gets the entry as it is, and the number of the attempt, from 1: an entry that appears at a later attempt
 *   was written since the change began
 * @throws {StoreContentionError} after too many conflicts
 */
export async function changeEntry<R>(
  sids: PointOperations<SidEntry>,
  id: string,
  seen: Versioned<SidEntry> | undefined,
  decide: (current: Versioned<SidEntry> | undefined, attempt: number) => EntryChange<R>,
  signal: AbortSignal,
): Promise<R> {
  let isLost = false;
  const change = async (current: typeof seen, attempt: number): Promise<Attempt<SidEntry, R>> => {
    const { write, result } = decide(current, attempt);
    if (!write) return { outcome: "settled", result };
    const answer = current ? await sids.replace(write, current.etag, signal) : await sids.create(write, signal);
    isLost = answer.outcome === "lost";
    if (answer.outcome === "conflict") return { outcome: "refused", current: answer.current };
    // A lost entry that arrives late leads to no session that is not there. So it is safe to write it again.
    if (answer.outcome === "gone" || isLost) return { outcome: "refused", current: undefined };
    return { outcome: "settled", result };
  };
  try {
    return await untilSettled(sids, id, seen, change, signal);
  } catch (error) {
    // The last attempt failed because its write was lost, and not because of somebody else's entry.
    throw isLost && error instanceof StoreContentionError ? new StoreUnavailableError("create in sids", error) : error;
  }
}
