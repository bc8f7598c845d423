import type { StoreClock } from "../store/clock.ts";
import type { PointOperations } from "../store/point-operations.ts";
import type { Telemetry } from "../telemetry/log.ts";
import type { AccountDocument, Lifetimes } from "./document.ts";
import type { DirectoryState } from "./directory-state.ts";
import type { NotBeforeDocument } from "./not-before.ts";
import type { StoredEntry } from "./stored-entry.ts";

/**
 * The two containers, accounts and the index. The state of the subscription to the directory is in the second, and so is the time
 * from which on sessions count.
 */
export interface AccountStore {
  readonly accounts: PointOperations<AccountDocument>;
  readonly sids: PointOperations<StoredEntry>;
  readonly directory: PointOperations<DirectoryState>;
  readonly notBefore: PointOperations<NotBeforeDocument>;
}

/** What a document's time to live is made of. */
export interface Timing {
  readonly lifetimes: Lifetimes;
  readonly clock: Pick<StoreClock, "now">;
}

/** Warns that this version cannot read what is stored. Many of these warnings tell of a version that was taken back. */
export function warnOfUnreadable(kind: "account" | "sid", telemetry: Telemetry): void {
  telemetry.warn("request_failed", { step: `read_${kind}`, code: `${kind}_unreadable` });
}
