import { claimSid, type Claimed, type NewClaim, type SeenEntry } from "../account/claim.ts";
import { readEntry } from "../account/change-entry.ts";
import { removeSessions, type AccountDocument } from "../account/document.ts";
import { addBeside, endForAdded, type AddedSession } from "../account/fit-session.ts";
import { subjectKeyOf } from "../account/index-entry.ts";
import { isSignedOutSince, type Begun } from "../account/signed-out-since.ts";
import { changeAccount, changeOrCreateAccount, warnOfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { ProblemError, problemCodeOf } from "../core/errors.ts";
import { endDisplacedSessions } from "../sign-out/by-app.ts";
import { inTurn } from "../store/contention.ts";
import { StoreContentionError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { SignedIn } from "./sign-in.ts";

/** A session on its way into the document of its account, and what has to lead to it. */
export interface SessionToStore extends AddedSession, Begun {
  readonly accountKey: string;
  readonly subject: SignedIn["subject"];
}

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
 * @throws {ProblemError} `signin_signed_out` when the `sid` or the subject was signed out since the sign-in began;
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
    await claimForSid(app, session, seen.sid, invocation);
    await claimForSubject(app, session, invocation);
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
 * @throws {ProblemError} `signin_signed_out` when the account is marked: an administrator has signed it out since, for example
 */
async function writeSession(
  app: App,
  session: SessionToStore,
  seen: Account | undefined,
  signal: AbortSignal,
): Promise<Account | undefined> {
  const { accounts } = await app.store();
  const { accountKey } = session;
  const add = (current: AccountDocument | undefined) => {
    if (isSignedOutSince(current?.mark, session)) throw signedOutMeanwhile();
    return addBeside(current?.sessions ?? {}, session, app.configuration.session, app.clock.now());
  };
  const write = async (waited: boolean) => {
    const newest = waited ? await accounts.read(accountKey, signal) : seen;
    return (await changeOrCreateAccount(accounts, accountKey, newest, add, app.timing, signal)).after;
  };
  return inTurn(accounts, accountKey, write, signal);
}

/** If an entry changes its account more often than this while a sign-in claims it, the sign-in gives up. */
const maxTakeovers = 8;

/**
 * Makes the index lead from the `sid` to the account. The `sid` may lead to another one, if the person has changed accounts in
 * one session of the identity provider. That account's sessions under the `sid` end first, while a sign-out still finds them.
 */
async function claimForSid(
  app: App,
  session: SessionToStore,
  seen: Seen["sid"],
  invocation: Invocation,
): Promise<void> {
  const { sid } = session.session;
  if (sid === null) return;
  const { sids } = await app.store();
  const claim = { ...claimOf(app, session, sid), sessionKey: session.sessionKey };
  let claimed = await claimSid(sids, claim, seen, invocation.signal);
  for (let takeover = 1; claimed.outcome === "other account"; takeover++) {
    if (takeover > maxTakeovers) throw new StoreContentionError();
    await endDisplacedSessions(app, claimed.accountKey, sid, invocation);
    claimed = await claimSid(sids, { ...claim, takesFrom: claimed }, claimed.seen, invocation.signal);
  }
  refuseSignedOut(claimed);
}

/** Makes the index lead from the subject to the account, if the identity provider may sign out by the subject alone. */
async function claimForSubject(app: App, session: SessionToStore, { signal, telemetry }: Invocation): Promise<void> {
  const { subject } = session;
  if (!subject) return;
  const { sids } = await app.store();
  const id = subjectKeyOf(subject.issuer, subject.sub);
  const seen = await readEntry(sids, "sid or subject", id, signal);
  if (seen?.document.unreadable) warnOfUnreadable("sid", telemetry);
  const claim = { ...claimOf(app, session, id), sessionKey: null, takesFrom: "any account" } as const;
  refuseSignedOut(await claimSid(sids, claim, seen, signal));
}

function claimOf(
  { configuration }: App,
  { accountKey, startedAt, startedTick }: SessionToStore,
  id: string,
): Omit<NewClaim, "sessionKey"> {
  // As long as the session can live.
  return { id, accountKey, ttl: configuration.session.absoluteTimeoutMinutes * 60, startedAt, startedTick };
}

function refuseSignedOut({ outcome }: Claimed): void {
  if (outcome === "signed out") throw signedOutMeanwhile();
}

export function signedOutMeanwhile(): ProblemError {
  return new ProblemError("signin_signed_out", "You were signed out elsewhere. Sign in again to continue.");
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
