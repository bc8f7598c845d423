import { settledWith, untilSettled, type Attempt } from "../store/contention.ts";
import type { PointOperations, Versioned } from "../store/point-operations.ts";
import { writeOver } from "../store/write-over.ts";
import { entryOf, storedOf, type EntryKind, type EntryOf } from "./index-entry.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** Reads an entry of the index. @param kind the kind that `id` was made for */
export async function readEntry<K extends EntryKind>(
  sids: PointOperations<StoredEntry>,
  kind: K,
  id: string,
  signal: AbortSignal,
): Promise<Versioned<EntryOf<K>> | undefined> {
  const stored = await sids.read(id, signal);
  return stored && translated(kind, stored);
}

function translated<K extends EntryKind>(kind: K, { document, etag }: Versioned<StoredEntry>): Versioned<EntryOf<K>> {
  return { document: entryOf(kind, document), etag };
}

/** What to write in place of an entry, if anything, and the result once it is written. */
export interface EntryChange<E, R> {
  readonly write?: E;
  readonly result: R;
}

/** The result of the decision that was written, or the result of the last one and the error with which writing it failed. */
export type EntryOutcome<R> = { readonly value: R } | { readonly error: unknown; readonly lastResult: R | undefined };

/**
 * Changes or creates an entry of the index: decides, writes over the version last seen and, on a conflict, decides again on
 * what the others have left. Never rejects: the error is {@link StoreContentionError} after too many conflicts.
 * @param seen the entry as last read
 * @param decide pure. Gets the entry as it is, the number of the attempt, from 1, and the result of the attempt before: an entry
 *   that appears at a later attempt was written since the change began
 */
export async function changeEntry<K extends EntryKind, R>(
  sids: PointOperations<StoredEntry>,
  { kind, id }: { readonly kind: K; readonly id: string },
  seen: Versioned<EntryOf<K>> | undefined,
  decide: (
    current: Versioned<EntryOf<K>> | undefined,
    attempt: number,
    lastResult: R | undefined,
  ) => EntryChange<EntryOf<K>, R>,
  signal: AbortSignal,
): Promise<EntryOutcome<R>> {
  let lastResult: R | undefined;
  const change = async (current: typeof seen, attempt: number): Promise<Attempt<EntryOf<K>, R>> => {
    const { write, result } = decide(current, attempt, lastResult);
    lastResult = result;
    if (!write) return settledWith(result);
    const written = await writeOver(sids, storedOf(write), current, result, signal);
    if (written.outcome === "settled") return written;
    return { ...written, current: written.current && translated(kind, written.current) };
  };
  const entries = { read: async (key: string) => readEntry(sids, kind, key, signal) };
  try {
    return { value: await untilSettled(entries, id, seen, change, signal) };
  } catch (error) {
    return { error, lastResult };
  }
}

/** For callers that cannot go on without the change. */
export function resultOf<R>(outcome: EntryOutcome<R>): R {
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}
