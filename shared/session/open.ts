import { addSession, removeSessions, type AccountDocument, type StoredSession } from "../account/document.ts";
import { accountKeyOf, sessionKeyOf, sidKeyOf, subjectKeyOf } from "../account/keys.ts";
import { seal } from "../account/seal.ts";
import type { SidEntry } from "../account/sid-entry.ts";
import { claimSid, isSignedOutSince } from "../account/sid-index.ts";
import { noteSuccessor } from "../account/succession.ts";
import { changeAccount, warnIfUnreadable, withSessions, type AccountStore } from "../account/store.ts";
import type { App, Invocation } from "../app.ts";
import { ConditionError, conditionOf } from "../errors.ts";
import type { SignedIn } from "../identity/sign-in.ts";
import { endDisplacedSessions, endReplacedSession } from "../sign-out/sign-out.ts";
import { inTurn, untilSettled, type Attempt } from "../store/contention.ts";
import { LostWriteError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { newSessionCookie, type SessionCookie } from "./cookie.ts";

export interface NewSession {
  readonly signedIn: SignedIn;
  readonly userAgent: string;
  /** When the sign-in began, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The session that this browser had until now; it ends. */
  readonly previous: SessionCookie | undefined;
}

const maxAttempts = 5;
const withdrawTimeoutMs = 1_500;

/**
 * Stores a new session and returns its cookie: always with a new secret, so that nobody can have planted it.
 *
 * The order closes a race with the front-channel sign-out. The session is written first, then its `sid` is claimed in
 * the index. A sign-out for that `sid` which comes before the claim leaves a tombstone, and the claim finds it; one
 * which comes after finds the session in the document.
 * @throws {ConditionError} `signin_signed_out` when the `sid` was signed out meanwhile; nothing is left behind then
 */
export async function openSession(app: App, opened: NewSession, invocation: Invocation): Promise<SessionCookie> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(app, opened, invocation);
    } catch (error) {
      // The document may yet be created, even after a sign-out has deleted the next one. So the next one gets a session
      // with another secret: what arrives late is sealed for a cookie that nobody has.
      if (!(error instanceof LostWriteError) || attempt === maxAttempts || invocation.signal.aborted) throw error;
    }
  }
}

async function openOnce(app: App, opened: NewSession, invocation: Invocation): Promise<SessionCookie> {
  const { signal } = invocation;
  const store = await app.store();
  const cookie = newSessionCookie(accountKeyOf(app.authority.environment, opened.signedIn.claims.homeAccountId));
  const { accountKey } = cookie;
  const replaces = opened.previous?.accountKey === accountKey ? sessionKeyOf(opened.previous.secret) : undefined;
  const write = { accountKey, replaces, ...(await newStoredSession(app, opened, cookie, replaces)) };
  const { sid } = write.session;

  if (opened.previous && replaces === undefined) await takeOver(app, opened.previous, cookie, invocation);
  const [seenAccount, seenSid] = await Promise.all([
    store.accounts.read(accountKey, signal),
    sid === null ? undefined : store.sids.read(sid, signal),
  ]);
  warnIfUnreadable(seenAccount?.document, invocation.telemetry);
  warnIfUnreadable(seenSid?.document, invocation.telemetry, "sid");
  if (isSignedOutSince(seenSid?.document, opened.startedAt)) throw signedOutMeanwhile();

  try {
    await writeSession(app, store, write, seenAccount, signal);
    await takeSid(app, write, opened, seenSid, invocation);
    await takeSubject(app, write, opened, invocation);
  } catch (error) {
    // Nobody will ever hold the cookie of this session; its tokens need not wait for their TTL.
    await withdraw(app, write, store, invocation);
    throw error;
  }
  return cookie;
}

/** The browser changes from another account. The note comes first: whoever finds that session ended finds out why. */
async function takeOver(
  app: App,
  previous: SessionCookie,
  { accountKey, secret }: SessionCookie,
  invocation: Invocation,
): Promise<void> {
  const { sids } = await app.store();
  const successor = { accountKey, sessionKey: sessionKeyOf(secret) };
  await noteSuccessor(sids, sessionKeyOf(previous.secret), successor, invocation.signal);
  await endReplacedSession(app, previous, invocation);
}

async function newStoredSession(
  app: App,
  { signedIn, userAgent, startedAt }: NewSession,
  { accountKey, secret }: SessionCookie,
  replaced: string | undefined,
): Promise<{ sessionKey: string; session: StoredSession }> {
  const now = Date.now();
  const sessionKey = sessionKeyOf(secret);
  const { claims, tokenCache, grants } = signedIn;
  const session: StoredSession = {
    sid: signedIn.sid === undefined ? null : sidKeyOf(app.authority.url, signedIn.sid),
    createdAt: new Date(now).toISOString(),
    startedAt: new Date(startedAt).toISOString(),
    lastSeenAt: new Date(now).toISOString(),
    expiresAt: new Date(now + app.configuration.session.absoluteTimeoutMinutes * 60_000).toISOString(),
    userAgent,
    sealed: await seal({ claims, tokenCache, ...(grants && { grants }) }, { accountKey, sessionKey, secret }),
    ...(replaced !== undefined && { replaced }),
  };
  return { sessionKey, session };
}

/** Leads the `sid` to the new session, unless it has been signed out since the sign-in began. */
async function takeSid(
  app: App,
  { accountKey, sessionKey, session }: SessionWrite,
  { startedAt }: NewSession,
  seen: Versioned<SidEntry> | undefined,
  invocation: Invocation,
): Promise<void> {
  const { sid } = session;
  if (sid === null) return;
  const { sids } = await app.store();
  const ttl = app.configuration.session.absoluteTimeoutMinutes * 60;
  const endDisplaced = async (displaced: string) => endDisplacedSessions(app, displaced, sid, invocation);
  const claim = { id: sid, accountKey, sessionKey, ttl, startedAt, endDisplaced };
  if ((await claimSid(sids, claim, seen, invocation.signal)) === "signed out") throw signedOutMeanwhile();
}

/** The same for the subject, where the identity provider may name it alone. */
async function takeSubject(
  app: App,
  { accountKey }: SessionWrite,
  { signedIn, startedAt }: NewSession,
  { signal, telemetry }: Invocation,
): Promise<void> {
  if (!signedIn.subject) return;
  const { sids } = await app.store();
  const id = subjectKeyOf(signedIn.subject.issuer, signedIn.subject.sub);
  const ttl = app.configuration.session.absoluteTimeoutMinutes * 60;
  const claim = { id, accountKey, sessionKey: null, ttl, startedAt, endDisplaced: async () => undefined };
  const seen = await sids.read(id, signal);
  warnIfUnreadable(seen?.document, telemetry, "sid");
  if ((await claimSid(sids, claim, seen, signal)) === "signed out") throw signedOutMeanwhile();
}

interface SessionWrite {
  readonly accountKey: string;
  readonly sessionKey: string;
  readonly session: StoredSession;
  /** Key of the session that makes room in any case: this browser's earlier one. */
  readonly replaces: string | undefined;
}

/**
 * Adds the session to the account's document, creating the document where there is none. Many sign-ins of one account on
 * this instance take turns.
 */
async function writeSession(
  app: App,
  { accounts }: AccountStore,
  write: SessionWrite,
  seen: Versioned<AccountDocument> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { session: limits } = app.configuration;
  const { accountKey } = write;
  const attempt = async (current: typeof seen): Promise<Attempt<AccountDocument, void>> => {
    if (current) {
      const added = (document: AccountDocument) => addSession(document.sessions, write, limits, Date.now());
      const changed = await changeAccount(accounts, current, added, limits, signal);
      if (changed.outcome !== "gone") return { outcome: "settled", result: undefined };
    }
    // Deleted by a sign-out or never there. This sign-in is newer: it may create what a refresh may not.
    const document = withSessions(accountKey, { [write.sessionKey]: write.session }, limits);
    const created = await accounts.create(document, signal);
    if (created.outcome === "created") return { outcome: "settled", result: undefined };
    if (created.outcome === "lost") throw new LostWriteError("create in accounts");
    return { outcome: "refused", current: created.outcome === "conflict" ? created.current : undefined };
  };
  const add = async (waited: boolean): Promise<void> =>
    untilSettled(accounts, accountKey, waited ? await accounts.read(accountKey, signal) : seen, attempt, signal);
  await inTurn(accounts, accountKey, add, signal);
}

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
    if (current) await changeAccount(accounts, current, remove, app.configuration.session, signal);
  } catch (error) {
    telemetry.warn("signin_cleanup_failed", { code: conditionOf(error) });
  }
}

function signedOutMeanwhile(): ConditionError {
  return new ConditionError("signin_signed_out", "You were signed out in another place. Sign in again to continue.");
}
