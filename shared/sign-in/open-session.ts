import { type AccountDocument, type StoredSession, accountKeyOf, sessionKeyOf } from "../account/document.ts";
import { sidKeyOf, type SidEntry } from "../account/index-entry.ts";
import { seal } from "../account/seal.ts";
import { isSignedOutSince } from "../account/claim.ts";
import { noteSuccessor } from "../account/succession.ts";
import { readEntry, warnOfUnreadable, type AccountStore } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { problemCodeOf } from "../core/errors.ts";
import type { SignedIn } from "./sign-in.ts";
import { endReplacedSession } from "../sign-out/by-app.ts";
import type { Tick } from "../store/clock.ts";
import { LostWriteError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { newSessionCookie, type SessionCookie } from "../session/cookie.ts";
import { signedOutMeanwhile, storeSession, type SessionWrite } from "./store-session.ts";

export interface NewSession {
  readonly signedIn: SignedIn;
  readonly userAgent: string;
  /** When the sign-in began, at the earliest, in milliseconds since the epoch by the store's clock. */
  readonly startedAt: number;
  /** The same as this process counts, if the sign-in began here. */
  readonly startedTick?: Tick | undefined;
  /** The session that this browser had until now; it ends when the new one is complete. */
  readonly previous: SessionCookie | undefined;
}

const maxAttempts = 5;

/**
 * Stores a new session and returns its cookie: always with a new secret, so that nobody can have planted it. The session that
 * the browser had until now ends last: a sign-in that fails, wherever it does, leaves it as it was.
 *
 * The order closes a race with the front-channel sign-out. The session is written first, then its `sid` is claimed in
 * the index. A sign-out for that `sid` which comes before the claim leaves a mark, and the claim finds it; one
 * which comes after finds the session in the document. The earlier session of the same account takes a write of its own in
 * the end: one write for both may come late, after the sign-in has been given up.
 * @throws {ProblemError} `signin_signed_out` when the `sid` was signed out meanwhile; nothing is left behind then.
 *   `session_too_large`
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
  const store = await app.store();
  const { signedIn, startedAt, startedTick, previous } = opened;
  const cookie = newSessionCookie(accountKeyOf(app.authority.environment, signedIn.claims.homeAccountId));
  const session = await newStoredSession(app, opened, cookie);
  const seen = await readFor(store, cookie, session, invocation);
  if (isSignedOutSince(seen.sid?.document, opened)) throw signedOutMeanwhile();

  const { accountKey, secret } = cookie;
  const write = { accountKey, sessionKey: sessionKeyOf(secret), session, replaces: session.replaced };
  const claims = { write, subject: signedIn.subject, startedAt, startedTick, seenSid: seen.sid };
  await storeSession(app, store, claims, seen.account, invocation);
  if (previous && write.replaces === undefined) await takeOver(app, previous, write, invocation);
  return cookie;
}

interface Seen {
  readonly account: Versioned<AccountDocument> | undefined;
  readonly sid: Versioned<SidEntry> | undefined;
}

async function readFor(
  store: AccountStore,
  { accountKey }: SessionCookie,
  { sid }: StoredSession,
  { signal, telemetry }: Invocation,
): Promise<Seen> {
  const [account, entry] = await Promise.all([
    store.accounts.read(accountKey, signal),
    sid === null ? undefined : readEntry(store.sids, "sid or subject", sid, signal),
  ]);
  if (account?.document.unreadable) warnOfUnreadable("account", telemetry);
  if (entry?.document.unreadable) warnOfUnreadable("sid", telemetry);
  return { account, sid: entry };
}

async function newStoredSession(
  app: App,
  { signedIn, userAgent, startedAt, startedTick, previous }: NewSession,
  { accountKey, secret }: SessionCookie,
): Promise<StoredSession> {
  const now = app.clock.now();
  const { earliest } = app.clock.bounds() ?? { earliest: now };
  const { claims, tokenCache, grants, signedInFor, signedInWith } = signedIn;
  const sessionKey = sessionKeyOf(secret);
  return {
    sid: signedIn.sid === undefined ? null : sidKeyOf(app.authority.url, signedIn.sid),
    createdAt: new Date(earliest).toISOString(),
    startedAt: new Date(startedAt).toISOString(),
    createdTick: app.clock.tick(),
    ...(startedTick && { startedTick }),
    lastSeenAt: new Date(now).toISOString(),
    expiresAt: new Date(now + app.configuration.session.absoluteTimeoutMinutes * 60_000).toISOString(),
    userAgent,
    sealed: await seal(
      {
        claims,
        tokenCache,
        ...(grants && { grants }),
        ...(signedInFor !== undefined && { signedInFor }),
        ...(signedInWith !== undefined && { signedInWith }),
      },
      { accountKey, sessionKey, secret },
    ),
    ...(previous?.accountKey === accountKey && { replaced: sessionKeyOf(previous.secret) }),
  };
}

/**
 * The browser has changed from another account, whose session here ends. The note comes first: whoever finds that session
 * ended finds out why. Where this fails, that session ends with its lifetime: the browser has its cookie no more.
 */
async function takeOver(
  app: App,
  previous: SessionCookie,
  { accountKey, sessionKey }: SessionWrite,
  invocation: Invocation,
): Promise<void> {
  try {
    const { sids } = await app.store();
    const since = new Date(app.clock.now()).toISOString();
    await noteSuccessor(sids, sessionKeyOf(previous.secret), { accountKey, sessionKey, since }, invocation.signal);
    await endReplacedSession(app, previous, invocation);
  } catch (error) {
    invocation.telemetry.warn("signin_cleanup_failed", { code: problemCodeOf(error) });
  }
}
