import type { PointOperations, Versioned } from "../store/point-operations.ts";
import type { Telemetry } from "../telemetry.ts";
import { StoreContentionError } from "../store/errors.ts";
import { pause } from "../store/retry.ts";
import { ttlOf, type AccountDocument, type Change, type Lifetimes } from "./document.ts";
import type { SidEntry } from "./sid-index.ts";

/** The two containers. */
export interface AccountStore {
  readonly accounts: PointOperations<AccountDocument>;
  readonly sids: PointOperations<SidEntry>;
}

const maxAttempts = 12;

export interface ChangeResult {
  readonly outcome: "replaced" | "deleted" | "unchanged" | "gone";
  /** The document that the change was decided on; undefined when the account is gone. */
  readonly before: AccountDocument | undefined;
  readonly change?: Change;
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
  lifetimes: Lifetimes,
  signal: AbortSignal,
): Promise<ChangeResult> {
  let current = seen;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const before = current.document;
    const change = await decide(before);
    if (change.kind === "none") return { outcome: "unchanged", before };
    const result =
      change.kind === "delete"
        ? await accounts.delete(before.id, current.etag, signal)
        : await accounts.replace(withSessions(before.id, change.sessions, lifetimes), current.etag, signal);
    if (result.outcome === "gone") return { outcome: "gone", before: undefined };
    if (result.outcome !== "conflict") return { outcome: result.outcome, before, change };
    current = result.current;
    await pause(attempt, 0, signal);
  }
  throw new StoreContentionError();
}

/** Says that an account has a document that this version cannot read: many of them tell of a version that was taken back. */
export function warnIfUnreadable(document: AccountDocument | undefined, telemetry: Telemetry): void {
  if (document?.unreadable) telemetry.warn("request_failed", { step: "read_account", code: "account_unreadable" });
}

/** The document for `sessions`, to be written now. */
export function withSessions(
  id: string,
  sessions: AccountDocument["sessions"],
  lifetimes: Lifetimes,
): Omit<AccountDocument, "writeId"> {
  return { id, sessions, ttl: ttlOf(sessions, lifetimes, Date.now()) };
}
