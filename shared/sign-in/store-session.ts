import type { SeenEntry } from "../account/claim.ts";
import { removeSessions, type AccountDocument } from "../account/document.ts";
import { addBeside, endForAdded } from "../account/fit-session.ts";
import { changeAccount, changeOrCreateAccount } from "../account/change-account.ts";
import type { App, Invocation } from "../app/app.ts";
import { problemCodeOf } from "../core/errors.ts";
import { inTurn } from "../store/contention.ts";
import type { Versioned } from "../store/point-operations.ts";
import { claimForOthers, claimForSid, refuseIfSignedOut } from "./claim-entries.ts";
import type { SessionToStore } from "./session-to-store.ts";

type Account = Versioned<AccountDocument>;

/** What the store has, as last read. */
export interface Seen {
  readonly account: Account | undefined;
  /** The entry of the session's `sid`. */
  readonly sid: SeenEntry;
}

/**
 * Writes the session, makes the index lead to it, and ends what it replaces. When this returns, the sign-in is complete. If it
 * fails, the session is removed again.
 * @throws {ProblemError} `signin_signed_out` when the `sid`, the subject or the account was signed out since the sign-in
 *   began;
 *   `session_too_large`
 * @throws {LostWriteError} when the document may yet be created
 */
export async function storeSession(
  app: App,
  session: SessionToStore,
  seen: Seen,
  invocation: Invocation,
): Promise<void> {
  try {
    const written = await writeSession(app, session, seen.account, invocation.signal);
    await Promise.all([claimForSid(app, session, seen.sid, invocation), refuseIfSignedOut(app, session, invocation)]);
    await claimForOthers(app, session, invocation);
    await endEarlier(app, session, written, invocation);
  } catch (error) {
    // Nobody will ever have the cookie of this session, so its tokens need not wait for their TTL.
    await withdraw(app, session, invocation);
    throw error;
  }
}

/**
 * Adds the session to the account's document. It ends no other yet. Sign-ins of one account on this instance take turns.
 * @returns the document as it is now, if that is known
 */
async function writeSession(
  app: App,
  session: SessionToStore,
  seen: Account | undefined,
  signal: AbortSignal,
): Promise<Account | undefined> {
  const { accounts } = await app.store();
  const { accountKey } = session;
  const add = (others: AccountDocument["sessions"]) =>
    addBeside(others, session, app.configuration.session, app.clock.now());
  const write = async (waited: boolean) => {
    const newest = waited ? await accounts.read(accountKey, signal) : seen;
    return changeOrCreateAccount(accounts, accountKey, newest, add, app.timing, signal);
  };
  return inTurn(accounts, accountKey, write, signal);
}

/**
 * Ends what a complete sign-in ends: the session that its browser had, and what is over the limits. Usually there is nothing.
 * If this fails, the earlier session stays until its lifetime is over; the browser no longer has its cookie.
 * @param written the document as the session was written into it, if known
 */
async function endEarlier(
  app: App,
  session: SessionToStore,
  written: Account | undefined,
  invocation: Invocation,
): Promise<void> {
  const { signal } = invocation;
  const { accounts } = await app.store();
  const end = (document: AccountDocument) => endForAdded(document, session, app.configuration.session);
  if (written && end(written.document).kind === "none") return;
  const change = async (waited: boolean) => {
    const newest = written && !waited ? written : await accounts.read(session.accountKey, signal);
    if (newest) await changeAccount(accounts, newest, end, app.timing, signal);
  };
  await inTurn(accounts, session.accountKey, change, signal).catch((error: unknown) =>
    cleanupFailed(invocation, error),
  );
}

const withdrawTimeoutMs = 1_500;

/**
 * Removes a session whose sign-in failed half-way. It has a time limit of its own: the request's may be used up. If this fails
 * too, the session stays until its TTL, sealed with a secret that nobody has.
 */
async function withdraw(app: App, { accountKey, sessionKey }: SessionToStore, invocation: Invocation): Promise<void> {
  const signal = AbortSignal.timeout(withdrawTimeoutMs);
  try {
    const { accounts } = await app.store();
    const current = await accounts.read(accountKey, signal);
    const remove = (document: AccountDocument) => removeSessions(document, [sessionKey]);
    if (current) await changeAccount(accounts, current, remove, app.timing, signal);
  } catch (error) {
    cleanupFailed(invocation, error);
  }
}

/** The sign-in goes on, or has failed already: what could not be cleaned up is only logged. */
export function cleanupFailed({ telemetry }: Invocation, error: unknown): void {
  telemetry.warn("signin_cleanup_failed", { code: problemCodeOf(error) });
}
