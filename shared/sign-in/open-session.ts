import { readEntry } from "../account/change-entry.ts";
import { accountKeyOf, sessionKeyOf, type StoredSession } from "../account/document.ts";
import { guestKeyFor } from "../account/guests.ts";
import { personKeyOf, sidKeyOf, type Successor } from "../account/index-entry.ts";
import { seal, type SealBinding } from "../account/seal.ts";
import { isSignedOutSince, type Begun } from "../account/signed-out-since.ts";
import { warnOfUnreadable } from "../account/store.ts";
import { noteSuccessor } from "../account/succession.ts";
import type { App, Invocation } from "../app/app.ts";
import { newSessionCookie, type SessionCookie } from "../session/cookie.ts";
import { whatIsServed } from "../session/served.ts";
import { endReplacedSession } from "../sign-out/by-app.ts";
import { LostWriteError } from "../store/errors.ts";
import { signedOutMeanwhile } from "./claim-entries.ts";
import type { SignedIn } from "./sign-in.ts";
import { cleanupFailed, storeSession, type Seen } from "./store-session.ts";

export interface NewSession extends Begun {
  readonly signedIn: SignedIn;
  readonly userAgent: string;
  /** The session that this browser had until now; it ends when the new one is complete. */
  readonly previous: SessionCookie | undefined;
}

const maxAttempts = 5;

/**
 * Stores a new session and returns its cookie. The secret is always a new one, so that nobody can have planted it. The session
 * that the browser had until now ends last: a sign-in that fails leaves it as it was.
 *
 * A front-channel sign-out may come at any moment of this:
 *
 *     callback: writes the session    callback: claims the sid in the index
 *
 * Before the claim, the sign-out leaves a mark in the index, which the claim finds. After the claim, it finds the session. The
 * earlier session of the same account ends with a write of its own: one write for both could arrive late, when the sign-in
 * has been given up.
 * @throws {ProblemError} `signin_signed_out` when the `sid` was signed out meanwhile; nothing is left behind then.
 *   `session_too_large`
 */
export async function openSession(app: App, opened: NewSession, invocation: Invocation): Promise<SessionCookie> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(app, opened, invocation);
    } catch (error) {
      // The lost write may still create the document, even after a sign-out has deleted the one of the next attempt. So that
      // attempt uses another secret: a session that arrives late is sealed for a cookie that nobody has.
      if (!(error instanceof LostWriteError) || attempt === maxAttempts || invocation.signal.aborted) throw error;
    }
  }
}

async function openOnce(app: App, opened: NewSession, invocation: Invocation): Promise<SessionCookie> {
  const { signedIn, startedAt, startedTick, previous } = opened;
  const cookie = newSessionCookie(accountKeyOf(app.authority.environment, signedIn.claims.homeAccountId));
  const sessionKey = sessionKeyOf(cookie.secret);
  const session = await newStoredSession(app, opened, { ...cookie, sessionKey });
  const seen = await readFor(app, cookie, session, invocation);
  if (isSignedOutSince(seen.sid === "unread" ? undefined : seen.sid?.document.mark, opened)) throw signedOutMeanwhile();
  // Otherwise, the session would end with its first request.
  const isServed = await whatIsServed(app, invocation);
  if (!isServed(session, signedIn.claims.tenantId)) throw signedOutMeanwhile();

  const { accountKey } = cookie;
  const { subject } = signedIn;
  const personKey = personKeyOf(app.authority.environment, signedIn.claims.homeAccountId);
  const keys = { accountKey, sessionKey, personKey };
  const added = { ...keys, session, replaces: session.replaced, subject, startedAt, startedTick };
  await storeSession(app, added, seen, invocation);
  if (previous && previous.accountKey !== accountKey) await leaveOtherAccount(app, previous, added, invocation);
  return cookie;
}

/**
 * Reads what is probably there. If the browser has had a session of the account, that is the account's document, and the entry of the
 * `sid`, because the session at the identity provider is probably the same as then. Otherwise both are created at once.
 */
async function readFor(
  app: App,
  { accountKey }: SessionCookie,
  { sid, replaced }: StoredSession,
  { signal, telemetry }: Invocation,
): Promise<Seen> {
  if (replaced === undefined) return { account: undefined, sid: "unread" };
  const { accounts, sids } = await app.store();
  const [account, entry] = await Promise.all([
    accounts.read(accountKey, signal),
    sid === null ? undefined : readEntry(sids, "sid or subject", sid, signal),
  ]);
  if (account?.document.unreadable) warnOfUnreadable("account", telemetry);
  if (entry?.document.unreadable) warnOfUnreadable("sid", telemetry);
  return { account, sid: entry };
}

async function newStoredSession(
  app: App,
  { signedIn, userAgent, startedAt, startedTick, previous }: NewSession,
  binding: SealBinding,
): Promise<StoredSession> {
  const now = app.clock.now();
  const { earliest } = app.clock.bounds() ?? { earliest: now };
  const { claims, tokenCache, grants, signedInFor, signedInWith } = signedIn;
  const guest = guestKeyFor(app.authority.environment, claims);
  return {
    sid: signedIn.sid === undefined ? null : sidKeyOf(app.authority.url, signedIn.sid),
    createdAt: new Date(earliest).toISOString(),
    startedAt: new Date(startedAt).toISOString(),
    createdTick: app.clock.tick(),
    ...(startedTick && { startedTick }),
    lastSeenAt: new Date(now).toISOString(),
    expiresAt: new Date(now + app.configuration.session.absoluteTimeoutMinutes * 60_000).toISOString(),
    userAgent,
    sealed: await seal({ claims, tokenCache, grants, signedInFor, signedInWith }, binding),
    ...(guest !== undefined && { guest }),
    ...(previous?.accountKey === binding.accountKey && { replaced: sessionKeyOf(previous.secret) }),
  };
}

/**
 * Ends the session of the account that the browser has changed from. The note comes first, so that a request that finds the
 * session ended finds out why. If this fails, it stays until its lifetime is over; the browser no longer has its cookie.
 */
async function leaveOtherAccount(
  app: App,
  previous: SessionCookie,
  { accountKey, sessionKey }: Pick<Successor, "accountKey" | "sessionKey">,
  invocation: Invocation,
): Promise<void> {
  try {
    const { sids } = await app.store();
    const since = new Date(app.clock.now()).toISOString();
    await noteSuccessor(sids, sessionKeyOf(previous.secret), { accountKey, sessionKey, since }, invocation.signal);
    await endReplacedSession(app, previous, invocation);
  } catch (error) {
    cleanupFailed(invocation, error);
  }
}
