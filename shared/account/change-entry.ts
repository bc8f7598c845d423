import { untilSettled, type Attempt } from "../store/contention.ts";
import { StoreContentionError, StoreUnavailableError } from "../store/errors.ts";
import type { PointOperations, Unwritten, Versioned } from "../store/point-operations.ts";
import type { SidEntry } from "./sid-entry.ts";

/** What is to be written in the place of an entry, if anything, and what the caller learns once it is. */
export interface EntryChange<R> {
  readonly write?: Unwritten<SidEntry>;
  readonly result: R;
}

/**
 * Changes an entry, or makes it: decide, write over what was last seen, and on a conflict decide again on what the others
 * have left.
 * @param decide called again with the newer entry, and told which attempt it is, from 1: an entry that is seen at a later
 *   one was written since the change began
 * @throws {StoreContentionError} after too many conflicts
 */
export async function changeEntry<R>(
  sids: PointOperations<SidEntry>,
  id: string,
  seen: Versioned<SidEntry> | undefined,
  decide: (entry: SidEntry | undefined, attempt: number) => EntryChange<R> | Promise<EntryChange<R>>,
  signal: AbortSignal,
): Promise<R> {
  let isLost = false;
  const change = async (current: typeof seen, attempt: number): Promise<Attempt<SidEntry, R>> => {
    const { write, result } = await decide(current?.document, attempt);
    if (!write) return { outcome: "settled", result };
    const answer = current ? await sids.replace(write, current.etag, signal) : await sids.create(write, signal);
    isLost = answer.outcome === "lost";
    if (answer.outcome === "conflict") return { outcome: "refused", current: answer.current };
    // A lost entry that arrives late leads to nothing that is not there: writing it again is safe.
    if (answer.outcome === "gone" || isLost) return { outcome: "refused", current: undefined };
    return { outcome: "settled", result };
  };
  try {
    return await untilSettled(sids, id, seen, change, signal);
  } catch (error) {
    // The last attempt came to nothing, rather than to somebody else's entry.
    throw isLost && error instanceof StoreContentionError ? new StoreUnavailableError("create in sids", error) : error;
  }
}
