import { claimSid, type Claimed, type NewClaim, type SeenEntry } from "../account/claim.ts";
import { readEntry } from "../account/change-entry.ts";
import { subjectKeyOf } from "../account/index-entry.ts";
import { isSignedOutSince } from "../account/signed-out-since.ts";
import { warnOfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { ProblemError } from "../core/errors.ts";
import { endDisplacedSessions } from "../sign-out/by-app.ts";
import { StoreContentionError } from "../store/errors.ts";
import type { SessionToStore } from "./session-to-store.ts";

/** If an entry changes its account more often than this while a sign-in claims it, the sign-in gives up. */
const maxTakeovers = 8;

/**
 * Makes the index lead from the `sid` to the account. The `sid` may lead to another one, if the person has changed accounts in
 * one session of the identity provider. That account's sessions under the `sid` end first, while a sign-out still finds them.
 * @throws {ProblemError} `signin_signed_out`
 */
export async function claimForSid(
  app: App,
  session: SessionToStore,
  seen: SeenEntry,
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

/**
 * Makes the index lead to the account from the subject, if the identity provider may sign out by it alone, and from the id that a
 * guest has in the tenant of the sign-in.
 * @throws {ProblemError} `signin_signed_out`
 */
export async function claimForOthers(app: App, session: SessionToStore, invocation: Invocation): Promise<void> {
  const { subject } = session;
  if (subject) await claimWhole(app, session, subjectKeyOf(subject.issuer, subject.sub), invocation);
  const { guest } = session.session;
  if (guest !== undefined) await claimWhole(app, session, guest, invocation);
}

/**
 * Looks whether the account itself was signed out, by an administrator for example. That marks the person's entry before it reads the
 * document, and a sign-in looks at the entry after it has written the document: one of the two finds the other.
 * @throws {ProblemError} `signin_signed_out`
 */
export async function refuseIfSignedOut(
  app: App,
  session: SessionToStore,
  { signal, telemetry }: Invocation,
): Promise<void> {
  const { sids } = await app.store();
  const entry = await readEntry(sids, "sid or subject", session.personKey, signal);
  if (entry?.document.unreadable) warnOfUnreadable("sid", telemetry);
  if (isSignedOutSince(entry?.document.mark, session)) throw signedOutMeanwhile();
}

/** Claims an entry that leads to an account, not to one session. */
async function claimWhole(
  app: App,
  session: SessionToStore,
  id: string,
  { signal, telemetry }: Invocation,
): Promise<void> {
  const { sids } = await app.store();
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
