import { SignInRequiredError } from "../core/errors.ts";
import { liveSession, sessionKeyOf, type AccountDocument, type StoredSession } from "../account/document.ts";
import { warnOfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import type { SessionSecrets } from "../identity/session-secrets.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { SessionCookie } from "./cookie.ts";
import { noSession, sessionEnded, sessionLost, signedInAnew } from "./ended.ts";
import { whatIsServed } from "./served.ts";
import { successorOfCookie } from "./successor.ts";

/** A session as one request sees it. */
export interface ResolvedSession extends SessionCookie {
  readonly sessionKey: string;
  readonly stored: StoredSession;
  readonly account: Versioned<AccountDocument>;
  readonly secrets: SessionSecrets;
}

/** The session is not served any more: its sign-in began before the time that an administrator has set. The answer clears the cookie. */
export class SessionNotServedError extends SignInRequiredError {
  readonly session: ResolvedSession;

  constructor(session: ResolvedSession, cause: unknown) {
    super(noSession, { sessionEnded: true, cause });
    this.session = session;
  }
}

/** The parts of the app that are needed to find a session. */
export type SessionFinder = Pick<App, "store" | "openedSeals" | "timing" | "notBefore" | "configuration">;

/**
 * Finds the session that a cookie opens, with one point read. Undefined if there is none: it was signed out here or elsewhere,
 * has expired, never existed, or is sealed for another cookie.
 */
export async function resolveSession(
  app: SessionFinder,
  cookie: SessionCookie | undefined,
  invocation: Invocation,
): Promise<ResolvedSession | undefined> {
  return cookie && (await findSession(app, cookie, invocation)).session;
}

/**
 * Like {@link resolveSession}, for a caller that cannot go on without a session.
 * @throws {SignInRequiredError} when there is none
 */
export async function requireSession(
  app: SessionFinder,
  cookie: SessionCookie | undefined,
  invocation: Invocation,
  cause?: unknown,
): Promise<ResolvedSession> {
  if (!cookie) throw sessionEnded(cause);
  const { session, account, unserved } = await findSession(app, cookie, invocation);
  if (session) return session;
  if (await successorOfCookie(app, cookie, account, invocation)) throw signedInAnew(cause);
  throw unserved ? new SessionNotServedError(unserved, cause) : sessionEnded(cause);
}

/**
 * Reads a session again, as the store has it now.
 * @throws {SignInRequiredError} when it has ended since it was read
 */
export async function latestSession(
  app: SessionFinder,
  session: ResolvedSession,
  invocation: Invocation,
  cause?: unknown,
): Promise<ResolvedSession> {
  const latest = await resolveSession(app, session, invocation);
  if (!latest) throw sessionLost(cause);
  return latest;
}

interface Found extends LookedUp {
  /** The session that the cookie opens, if it is not served any more. */
  readonly unserved?: ResolvedSession;
}

/** Like {@link lookUp}, for requests that the session is to serve. */
async function findSession(app: SessionFinder, cookie: SessionCookie, invocation: Invocation): Promise<Found> {
  const [found, isServed] = await Promise.all([lookUp(app, cookie, invocation), whatIsServed(app, invocation)]);
  const { session, account } = found;
  if (!session || isServed(session.stored, session.secrets.claims.tenantId)) return found;
  return { session: undefined, account, unserved: session };
}

export interface LookedUp {
  readonly session: ResolvedSession | undefined;
  /** The account's document, also if the session is not in it. */
  readonly account: AccountDocument | undefined;
}

/**
 * Like {@link resolveSession}, but also returns the account's document. It also finds a session that is not served any more,
 * because an administrator has set a time since: it can still be signed out.
 */
export async function lookUp(app: SessionFinder, cookie: SessionCookie, invocation: Invocation): Promise<LookedUp> {
  const { accounts } = await app.store();
  const account = await accounts.read(cookie.accountKey, invocation.signal);
  if (account?.document.unreadable) warnOfUnreadable("account", invocation.telemetry);
  return { session: await open(app, cookie, account), account: account?.document };
}

/** Opens the cookie's session in the document, if it is there and has not expired. */
async function open(
  { openedSeals, timing }: SessionFinder,
  cookie: SessionCookie,
  account: Versioned<AccountDocument> | undefined,
): Promise<ResolvedSession | undefined> {
  const sessionKey = sessionKeyOf(cookie.secret);
  const stored = account && liveSession(account.document, sessionKey, timing.lifetimes, timing.clock.now());
  if (!stored) {
    openedSeals.forget(sessionKey);
    return undefined;
  }
  const secrets = await openedSeals.open(stored.sealed, { ...cookie, sessionKey });
  return secrets && { ...cookie, sessionKey, stored, account, secrets };
}
