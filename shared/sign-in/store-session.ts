import { claimSid, type NewClaim } from "../account/claim.ts";
import { removeSessions, type AccountDocument } from "../account/document.ts";
import { addBeside, endForAdded, type AddedSession } from "../account/fit-session.ts";
import { subjectKeyOf, type SidEntry } from "../account/index-entry.ts";
import {
  changeAccount,
  readEntry,
  versionOf,
  warnOfUnreadable,
  withSessions,
  type AccountStore,
} from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { ProblemError, problemCodeOf } from "../core/errors.ts";
import { endDisplacedSessions } from "../sign-out/by-app.ts";
import type { Tick } from "../store/clock.ts";
import { inTurn, untilSettled, type Attempt } from "../store/contention.ts";
import { LostWriteError, StoreContentionError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { SignedIn } from "./sign-in.ts";

/** A session of a sign-in, on its way into its account's document. */
export interface SessionWrite extends AddedSession {
  readonly accountKey: string;
}

type Account = Versioned<AccountDocument>;

/** A new session, and all that has to lead to it. */
export interface Claims {
  readonly write: SessionWrite;
  readonly subject: SignedIn["subject"];
  /** When the sign-in began, at the earliest, in milliseconds since the epoch by the store's clock. */
  readonly startedAt: number;
  /** The same moment, as this process counts it, if the sign-in began here. */
  readonly startedTick?: Tick | undefined;
  /** The entry of the session's `sid` as last read. */
  readonly seenSid: Versioned<SidEntry> | undefined;
}

/** Writes the session and leads the index to it. When this returns, the sign-in is complete, and the earlier session gone. */
export async function storeSession(
  app: App,
  store: AccountStore,
  claims: Claims,
  seen: Versioned<AccountDocument> | undefined,
  invocation: Invocation,
): Promise<void> {
  const { write } = claims;
  try {
    const written = await writeSession(app, store, write, seen, invocation.signal);
    await claimIndex(app, claims, invocation);
    await endEarlier(app, store, write, written, invocation);
  } catch (error) {
    // Nobody will ever hold the cookie of this session; its tokens need not wait for their TTL.
    await withdraw(app, write, store, invocation);
    throw error;
  }
}

/**
 * Adds the session to the account's document, creating the document where there is none. It ends nobody else's yet. Many sign-ins of one account on
 * this instance take turns.
 * @returns the document as it is now, if that is known
 * @throws {LostWriteError} when the document may yet be created
 */
async function writeSession(
  app: App,
  { accounts }: AccountStore,
  write: SessionWrite,
  seen: Account | undefined,
  signal: AbortSignal,
): Promise<Account | undefined> {
  const { session: limits } = app.configuration;
  const { accountKey } = write;
  const added = (document: AccountDocument) => addBeside(document.sessions, write, limits, app.clock.now());
  const attempt = async (current: Account | undefined): Promise<Attempt<AccountDocument, Account | undefined>> => {
    if (current) {
      const changed = await changeAccount(accounts, current, added, app.timing, signal);
      if (changed.outcome !== "gone") return { outcome: "settled", result: changed.after };
    }
    // Deleted by a sign-out or never there. This sign-in is newer: it may create what a refresh may not.
    const document = withSessions(accountKey, addBeside({}, write, limits, app.clock.now()).sessions, app.timing);
    const created = await accounts.create(document, signal);
    if (created.outcome === "created") return { outcome: "settled", result: versionOf(document, created.etag).after };
    if (created.outcome === "lost") throw new LostWriteError("create in accounts");
    return { outcome: "refused", current: created.outcome === "conflict" ? created.current : undefined };
  };
  const add = async (waited: boolean) =>
    untilSettled(accounts, accountKey, waited ? await accounts.read(accountKey, signal) : seen, attempt, signal);
  return inTurn(accounts, accountKey, add, signal);
}

/**
 * Makes the index lead from the `sid` to the account, and from the subject if the identity provider may name it alone.
 * @throws {ProblemError} `signin_signed_out` when one of them was signed out since the sign-in began
 */
async function claimIndex(app: App, claims: Claims, invocation: Invocation): Promise<void> {
  await claimForSid(app, claims, invocation);
  await claimForSubject(app, claims, invocation);
}

/** If an entry changes its account more often than this while a sign-in claims it, the sign-in gives up. */
const maxTakeovers = 8;

/**
 * The `sid` may lead to another account, if the person has changed accounts in one session of the identity provider. That
 * account's sessions under the `sid` end first, while a sign-out still finds them.
 */
async function claimForSid(app: App, claims: Claims, invocation: Invocation): Promise<void> {
  const { sid } = claims.write.session;
  if (sid === null) return;
  const { sids } = await app.store();
  const claim = { ...claimOf(app, claims, sid), sessionKey: claims.write.sessionKey };
  let claimed = await claimSid(sids, claim, claims.seenSid, invocation.signal);
  for (let takeover = 1; claimed.outcome === "other account"; takeover++) {
    if (takeover > maxTakeovers) throw new StoreContentionError();
    await endDisplacedSessions(app, claimed.accountKey, sid, invocation);
    claimed = await claimSid(sids, { ...claim, takesFrom: claimed }, claimed.seen, invocation.signal);
  }
  if (claimed.outcome === "signed out") throw signedOutMeanwhile();
}

async function claimForSubject(app: App, claims: Claims, { signal, telemetry }: Invocation): Promise<void> {
  const { subject } = claims;
  if (!subject) return;
  const { sids } = await app.store();
  const id = subjectKeyOf(subject.issuer, subject.sub);
  const seen = await readEntry(sids, "sid or subject", id, signal);
  if (seen?.document.unreadable) warnOfUnreadable("sid", telemetry);
  const claim = { ...claimOf(app, claims, id), sessionKey: null, takesFrom: "any account" } as const;
  const claimed = await claimSid(sids, claim, seen, signal);
  if (claimed.outcome === "signed out") throw signedOutMeanwhile();
}

function claimOf(app: App, { write, startedAt, startedTick }: Claims, id: string): Omit<NewClaim, "sessionKey"> {
  return { id, accountKey: write.accountKey, ttl: ttlOf(app), startedAt, startedTick };
}

/** Seconds: as long as the session can live. */
function ttlOf({ configuration }: App): number {
  return configuration.session.absoluteTimeoutMinutes * 60;
}

export function signedOutMeanwhile(): ProblemError {
  return new ProblemError("signin_signed_out", "You were signed out elsewhere. Sign in again to continue.");
}

/**
 * Ends what a complete sign-in ends: the session that its browser had, and what is over the limits. Usually there is nothing.
 * If it fails, the earlier session stays, whose cookie the browser has no more; it ends with its lifetime.
 * @param current the document as the session was written into it, if known
 */
async function endEarlier(
  app: App,
  { accounts }: AccountStore,
  write: SessionWrite,
  current: Account | undefined,
  { signal, telemetry }: Invocation,
): Promise<void> {
  const { session: limits } = app.configuration;
  const end = (document: AccountDocument) => endForAdded(document, write, limits);
  if (current && end(current.document).kind === "none") return;
  const change = async (waited: boolean) => {
    const newest = current && !waited ? current : await accounts.read(write.accountKey, signal);
    if (newest) await changeAccount(accounts, newest, end, app.timing, signal);
  };
  try {
    await inTurn(accounts, write.accountKey, change, signal);
  } catch (error) {
    telemetry.warn("signin_cleanup_failed", { code: problemCodeOf(error) });
  }
}

const withdrawTimeoutMs = 1_500;

/**
 * Takes out again a session whose sign-in failed half-way. It has time of its own: the request's may be used up. If this
 * fails too, the session stays sealed with a secret that nobody has, until its TTL.
 */
async function withdraw(
  app: App,
  write: SessionWrite,
  { accounts }: AccountStore,
  { telemetry }: Invocation,
): Promise<void> {
  const signal = AbortSignal.timeout(withdrawTimeoutMs);
  const remove = (document: AccountDocument) =>
    removeSessions(document, (_, sessionKey) => sessionKey === write.sessionKey);
  try {
    const current = await accounts.read(write.accountKey, signal);
    if (current) await changeAccount(accounts, current, remove, app.timing, signal);
  } catch (error) {
    telemetry.warn("signin_cleanup_failed", { code: problemCodeOf(error) });
  }
}
