import { settledWith, untilSettled, type Attempt } from "../store/contention.ts";
import { LostWriteError } from "../store/errors.ts";
import type { PointOperations, Unwritten, Versioned } from "../store/point-operations.ts";
import { ttlOf, type AccountDocument, type Change, type Replacement } from "./document.ts";
import type { Timing } from "./store.ts";

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
    if (!current) return settledWith(gone);
    const before = current.document;
    const change = await decide(before);
    if (change.kind === "none") return settledWith({ outcome: "unchanged", before });
    if (change.kind === "delete") {
      const deleted = await accounts.delete(before.id, current.etag, signal);
      if (deleted.outcome === "conflict") return { outcome: "refused", current: deleted.current };
      return settledWith(deleted.outcome === "gone" ? gone : { outcome: "deleted", before, change });
    }
    const document = withSessions(before.id, change.sessions, timing);
    const replaced = await accounts.replace(document, current.etag, signal);
    if (replaced.outcome === "conflict") return { outcome: "refused", current: replaced.current };
    if (replaced.outcome === "gone") return settledWith(gone);
    return settledWith({ outcome: "replaced", before, change, ...versionOf(document, replaced.etag) });
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
      if (changed.outcome !== "gone") return settledWith(changed.after);
    }
    const document = withSessions(id, decide({}).sessions, timing);
    const created = await accounts.create(document, signal);
    if (created.outcome === "created") return settledWith(versionOf(document, created.etag).after);
    if (created.outcome === "lost") throw new LostWriteError("create in accounts");
    return { outcome: "refused", current: created.outcome === "conflict" ? created.current : undefined };
  };
  return untilSettled(accounts, id, seen, attempt, signal);
}

const gone: ChangeResult = { outcome: "gone", before: undefined };

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
