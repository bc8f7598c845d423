import type { StoreClock } from "../store/clock.ts";
import { untilSettled, type Attempt } from "../store/contention.ts";
import { LostWriteError, StoreUnavailableError } from "../store/errors.ts";
import type { PointOperations, Unwritten, Versioned } from "../store/point-operations.ts";
import type { Telemetry } from "../telemetry/log.ts";
import { ttlOf, type AccountDocument, type Change, type Lifetimes, type Replacement } from "./document.ts";
import { entryOf, storedOf, type EntryKind, type EntryOf } from "./index-entry.ts";
import type { StoredEntry } from "./stored-entry.ts";

/** The two containers: accounts and the index. */
export interface AccountStore {
  readonly accounts: PointOperations<AccountDocument>;
  readonly sids: PointOperations<StoredEntry>;
}

/** What a document's time to live is made of. */
export interface Timing {
  readonly lifetimes: Lifetimes;
  readonly clock: Pick<StoreClock, "now">;
}

export interface ChangeResult {
  readonly outcome: "replaced" | "deleted" | "unchanged" | "gone";
  /** The document that the change was decided on; undefined when the account is gone. */
  readonly before: AccountDocument | undefined;
  readonly change?: Change;
  /** After "replaced": the document as it is now, if the store has named its version. */
  readonly after?: Versioned<AccountDocument>;
}

/**
 * Changes an account document: decides, writes with If-Match and, on a conflict, decides again on what the others have left. A
 * document that has been deleted meanwhile stays deleted.
 * @param seen the document as last read
 * @param decide called again with the newer document after a conflict; must not have side effects
 * @throws {StoreContentionError} after too many conflicts
 */
export async function changeAccount(
  accounts: PointOperations<AccountDocument>,
  seen: Versioned<AccountDocument>,
  decide: (document: AccountDocument) => Change | Promise<Change>,
  timing: Timing,
  signal: AbortSignal,
): Promise<ChangeResult> {
  const attempt = async (current: typeof seen | undefined): Promise<Attempt<AccountDocument, ChangeResult>> => {
    if (!current) return settled(gone);
    const before = current.document;
    const change = await decide(before);
    if (change.kind === "none") return settled({ outcome: "unchanged", before });
    if (change.kind === "delete") {
      const deleted = await accounts.delete(before.id, current.etag, signal);
      if (deleted.outcome === "conflict") return { outcome: "refused", current: deleted.current };
      return settled(deleted.outcome === "gone" ? gone : { outcome: "deleted", before, change });
    }
    const document = withSessions(before.id, change.sessions, timing);
    const replaced = await accounts.replace(document, current.etag, signal);
    if (replaced.outcome === "conflict") return { outcome: "refused", current: replaced.current };
    if (replaced.outcome === "gone") return settled(gone);
    return settled({ outcome: "replaced", before, change, ...versionOf(document, replaced.etag) });
  };
  return untilSettled(accounts, seen.document.id, seen, attempt, signal);
}

/**
 * Changes an account document or, where there is none, creates it. Only a sign-in may do that: it is newer than whatever has
 * deleted the document.
 * @param decide like that of {@link changeAccount}; a new document has no sessions yet
 * @returns the document as it is now, if the store has named its version
 * @throws {LostWriteError} when the document may yet be created
 */
export async function changeOrCreateAccount(
  accounts: PointOperations<AccountDocument>,
  id: string,
  seen: Versioned<AccountDocument> | undefined,
  decide: (sessions: AccountDocument["sessions"]) => Replacement,
  timing: Timing,
  signal: AbortSignal,
): Promise<Versioned<AccountDocument> | undefined> {
  const attempt = async (current: typeof seen): Promise<Attempt<AccountDocument, typeof seen>> => {
    if (current) {
      const changed = await changeAccount(accounts, current, ({ sessions }) => decide(sessions), timing, signal);
      if (changed.outcome !== "gone") return settled(changed.after);
    }
    const document = withSessions(id, decide({}).sessions, timing);
    const created = await accounts.create(document, signal);
    if (created.outcome === "created") return settled(versionOf(document, created.etag).after);
    if (created.outcome === "lost") throw new LostWriteError("create in accounts");
    return { outcome: "refused", current: created.outcome === "conflict" ? created.current : undefined };
  };
  return untilSettled(accounts, id, seen, attempt, signal);
}

const gone: ChangeResult = { outcome: "gone", before: undefined };
const settled = <R>(result: R) => ({ outcome: "settled", result }) as const;

/** A document that was just written, to be changed again without reading it. */
function versionOf(
  document: Unwritten<AccountDocument>,
  etag: string | undefined,
): { after?: Versioned<AccountDocument> } {
  return etag === undefined ? {} : { after: { document: { ...document, writeId: "" }, etag } };
}

/** The document for `sessions`, to be written now. */
export function withSessions(
  id: string,
  sessions: AccountDocument["sessions"],
  { lifetimes, clock }: Timing,
): Unwritten<AccountDocument> {
  return { id, sessions, ttl: ttlOf(sessions, lifetimes, clock.now()) };
}

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
    if (!write) return settled(result);
    const stored = storedOf(write);
    const answer = current ? await sids.replace(stored, current.etag, signal) : await sids.create(stored, signal);
    if (answer.outcome === "conflict") return { outcome: "refused", current: translated(kind, answer.current) };
    if (answer.outcome === "lost") return { outcome: "refused", current: undefined, failure: lost() };
    return answer.outcome === "gone" ? { outcome: "refused", current: undefined } : settled(result);
  };
  const entries = { read: async (key: string) => readEntry(sids, kind, key, signal) };
  try {
    return { value: await untilSettled(entries, id, seen, change, signal) };
  } catch (error) {
    return { error, lastResult };
  }
}

/** A lost write may still arrive, after another one. It leads to no session that is not there, so writing again is safe. */
function lost(): StoreUnavailableError {
  return new StoreUnavailableError("create in sids");
}

/** For callers that cannot go on without the change. */
export function resultOf<R>(outcome: EntryOutcome<R>): R {
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

/** Warns that this version cannot read what is stored. Many of these warnings tell of a version that was taken back. */
export function warnOfUnreadable(kind: "account" | "sid", telemetry: Telemetry): void {
  telemetry.warn("request_failed", { step: `read_${kind}`, code: `${kind}_unreadable` });
}
