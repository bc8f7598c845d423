import { addSession, removeSessions, type AccountDocument, type StoredSession } from "../account/document.ts";
import { accountKeyOf, sessionKeyOf, sidKeyOf, subjectKeyOf } from "../account/keys.ts";
import { seal } from "../account/seal.ts";
import { claimSid, claimSubject, type SidEntry } from "../account/sid-index.ts";
import { changeAccount, withSessions, type AccountStore } from "../account/store.ts";
import type { App, Invocation } from "../app.ts";
import { ConditionError, conditionOf } from "../errors.ts";
import type { SignedIn } from "../identity/sign-in.ts";
import { endDisplacedSessions, endReplacedSession } from "../sign-out/sign-out.ts";
import { StoreContentionError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { newSessionCookie, type SessionCookie } from "./cookie.ts";

export interface NewSession {
  readonly signedIn: SignedIn;
  readonly userAgent: string;
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
  const { signal } = invocation;
  const store = await app.store();
  const cookie = newSessionCookie(accountKeyOf(app.authority.environment, opened.signedIn.claims.homeAccountId));
  const { accountKey } = cookie;
  const replaces = opened.previous?.accountKey === accountKey ? sessionKeyOf(opened.previous.secret) : undefined;
  const write = { accountKey, replaces, ...(await newStoredSession(app, opened, cookie)) };
  const { sid } = write.session;

  if (opened.previous && replaces === undefined) await endReplacedSession(app, opened.previous, invocation);
  const [seenAccount, seenSid] = await Promise.all([
    store.accounts.read(accountKey, signal),
    sid === null ? undefined : store.sids.read(sid, signal),
  ]);
  if (seenSid?.document.signedOutAt) throw signedOutMeanwhile();

  try {
    await writeSession(app, store, write, seenAccount, signal);
    if (sid !== null) await takeSid(app, sid, write, seenSid, invocation);
    if (opened.signedIn.subject) await takeSubject(app, opened.signedIn.subject, accountKey, signal);
  } catch (error) {
    // Nobody will ever hold the cookie of this session; its tokens need not wait for their TTL.
    await withdraw(app, write, store, invocation);
    throw error;
  }
  return cookie;
}

async function newStoredSession(
  app: App,
  { signedIn, userAgent }: NewSession,
  { accountKey, secret }: SessionCookie,
): Promise<{ sessionKey: string; session: StoredSession }> {
  const now = Date.now();
  const sessionKey = sessionKeyOf(secret);
  const { claims, tokenCache } = signedIn;
  const session: StoredSession = {
    sid: signedIn.sid === undefined ? null : sidKeyOf(app.authority.url, signedIn.sid),
    createdAt: new Date(now).toISOString(),
    lastSeenAt: new Date(now).toISOString(),
    expiresAt: new Date(now + app.configuration.session.absoluteTimeoutMinutes * 60_000).toISOString(),
    userAgent,
    sealed: await seal({ claims, tokenCache }, { accountKey, sessionKey, secret }),
  };
  return { sessionKey, session };
}

/** Leads the `sid` to the new session, unless it has been signed out since the identity provider issued the code. */
async function takeSid(
  app: App,
  sid: string,
  { accountKey, sessionKey }: SessionWrite,
  seen: Versioned<SidEntry> | undefined,
  invocation: Invocation,
): Promise<void> {
  const { sids } = await app.store();
  const ttl = app.configuration.session.absoluteTimeoutMinutes * 60;
  const claim = await claimSid(sids, { id: sid, accountKey, sessionKey, ttl }, seen, invocation.signal);
  if (claim.outcome === "signed out") throw signedOutMeanwhile();
  // One browser at the identity provider, now with another account: the earlier one would be out of reach.
  if (claim.displaced !== undefined) await endDisplacedSessions(app, claim.displaced, sid, invocation);
}

async function takeSubject(
  app: App,
  { issuer, sub }: { issuer: string; sub: string },
  accountKey: string,
  signal: AbortSignal,
): Promise<void> {
  const { sids } = await app.store();
  const ttl = app.configuration.session.absoluteTimeoutMinutes * 60;
  await claimSubject(sids, { id: subjectKeyOf(issuer, sub), accountKey, ttl }, signal);
}

interface SessionWrite {
  readonly accountKey: string;
  readonly sessionKey: string;
  readonly session: StoredSession;
  /** Key of the session that makes room in any case: this browser's earlier one. */
  readonly replaces: string | undefined;
}

/** Adds the session to the account's document, creating the document where there is none. */
async function writeSession(
  app: App,
  store: AccountStore,
  write: SessionWrite,
  seen: Versioned<AccountDocument> | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { session: limits } = app.configuration;
  let current = seen;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    if (current) {
      const add = (document: AccountDocument) => addSession(document.sessions, write, limits, Date.now());
      const changed = await changeAccount(store.accounts, current, add, limits, signal);
      if (changed.outcome !== "gone") return;
    }
    // Deleted by a sign-out or never there. This sign-in is newer: it may create what a refresh may not.
    const document = withSessions(write.accountKey, { [write.sessionKey]: write.session }, limits);
    const created = await store.accounts.create(document, signal);
    if (created.outcome === "created") return;
    current = created.outcome === "conflict" ? created.current : undefined;
  }
  throw new StoreContentionError();
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
