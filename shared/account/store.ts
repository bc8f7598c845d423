import { untilSettled, type Attempt } from "../store/contention.ts";
import type { StoreClock } from "../store/clock.ts";
import type { PointOperations, Unwritten, Versioned } from "../store/point-operations.ts";
import type { Telemetry } from "../telemetry/log.ts";
import { ttlOf, type AccountDocument, type Change, type Lifetimes } from "./document.ts";
import type { SidEntry } from "./sid-entry.ts";

/** The two containers. */
export interface AccountStore {
  readonly accounts: PointOperations<AccountDocument>;
  readonly sids: PointOperations<SidEntry>;
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
 * Changes an account document: decide, write with If-Match, and on a conflict decide again on what the others
 * left. A document that has been deleted meanwhile stays deleted.
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

const gone: ChangeResult = { outcome: "gone", before: undefined };
const settled = (result: ChangeResult) => ({ outcome: "settled", result }) as const;

/** A document that was just written, to be changed again without reading it. */
export function versionOf(
  document: Unwritten<AccountDocument>,
  etag: string | undefined,
): { after?: Versioned<AccountDocument> } {
  return etag === undefined ? {} : { after: { document: { ...document, writeId: "" }, etag } };
}

/** Says that this version cannot read what is stored: many of these tell of a version that was taken back. */
export function warnIfUnreadable(
  document: { readonly unreadable?: boolean } | undefined,
  telemetry: Telemetry,
  kind: "account" | "sid" = "account",
): void {
  if (document?.unreadable) telemetry.warn("request_failed", { step: `read_${kind}`, code: `${kind}_unreadable` });
}

/** The document for `sessions`, to be written now. */
export function withSessions(
  id: string,
  sessions: AccountDocument["sessions"],
  { lifetimes, clock }: Timing,
): Omit<AccountDocument, "writeId"> {
  return { id, sessions, ttl: ttlOf(sessions, lifetimes, clock.now()) };
}
