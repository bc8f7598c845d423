import { changeSession } from "../account/fit-session.ts";
import {
  endOf,
  liveSession,
  successorOf,
  type AccountDocument,
  type StoredSession,
  sessionKeyOf,
} from "../account/document.ts";
import type { SessionSecrets } from "../identity/session-secrets.ts";
import { successorElsewhere, type Successor } from "../account/succession.ts";
import { changeAccount, warnIfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { conditionOf, SignInRequiredError } from "../core/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { SessionCookie } from "./cookie.ts";

/** A session as one request sees it. */
export interface ResolvedSession extends SessionCookie {
  readonly sessionKey: string;
  readonly stored: StoredSession;
  readonly account: Versioned<AccountDocument>;
  readonly secrets: SessionSecrets;
}

/** Part of the idle timeout that has to pass before using a session is worth a write. */
const extendAfter = 1 / 4;
/** Enough for a second try after one without an answer; the rest of the time is for what the session is used for. */
const extendTimeoutMs = 3_500;

/**
 * The session that a cookie opens, with one point read. Undefined if there is none: signed out here or elsewhere,
 * expired, never there, or sealed for another cookie.
 */
export async function resolveSession(
  app: App,
  cookie: SessionCookie | undefined,
  invocation: Invocation,
): Promise<ResolvedSession | undefined> {
  return cookie && (await lookUp(app, cookie, invocation)).session;
}

export interface LookedUp {
  readonly session: ResolvedSession | undefined;
  /** Also when the session is not in it. */
  readonly account: AccountDocument | undefined;
}

/** As {@link resolveSession}, for who wants to know more when there is none. */
export async function lookUp(app: App, cookie: SessionCookie, invocation: Invocation): Promise<LookedUp> {
  const account = await (await app.store()).accounts.read(cookie.accountKey, invocation.signal);
  warnIfUnreadable(account?.document, invocation.telemetry);
  return { session: await openStored(app, cookie, account), account: account?.document };
}

/**
 * The same for a caller that cannot go on without a session.
 * @throws {SignInRequiredError}
 */
export async function requireSession(
  app: App,
  cookie: SessionCookie | undefined,
  invocation: Invocation,
  cause?: unknown,
): Promise<ResolvedSession> {
  if (!cookie) throw sessionEnded(cause);
  const { session, account } = await lookUp(app, cookie, invocation);
  if (session) return session;
  throw (await successorOfCookie(app, cookie, account, invocation)) ? signedInAnew(cause) : sessionEnded(cause);
}

async function openStored(
  app: App,
  cookie: SessionCookie,
  account: Versioned<AccountDocument> | undefined,
): Promise<ResolvedSession | undefined> {
  const sessionKey = sessionKeyOf(cookie.secret);
  const stored = account && liveSession(account.document, sessionKey, app.configuration.session, app.clock.now());
  if (!stored) {
    app.openedSeals.forget(sessionKey);
    return undefined;
  }
  const secrets = await app.openedSeals.open(stored.sealed, { ...cookie, sessionKey });
  return secrets && { ...cookie, sessionKey, stored, account, secrets };
}

/** Milliseconds since the epoch at which the session ends if it is not used again. */
export function idleEndOf(app: App, session: ResolvedSession): number {
  return endOf(session.stored, app.configuration.session);
}

/** One request may call several APIs at once: one write will do. */
const extensions = new WeakMap<ResolvedSession, Promise<void>>();

/**
 * Extends the idle lifetime of a session that is being used, by a write only when a good part of it has passed.
 * @throws {SignInRequiredError} when the write finds the session gone: it was signed out a moment ago
 */
export async function extendIdleLifetime(app: App, session: ResolvedSession, invocation: Invocation): Promise<void> {
  const idleMs = app.configuration.session.idleTimeoutMinutes * 60_000;
  if (app.clock.now() - Date.parse(session.stored.lastSeenAt) < idleMs * extendAfter) return;
  const extension = extensions.get(session) ?? writeLastSeen(app, session, invocation);
  extensions.set(session, extension);
  await extension;
}

async function writeLastSeen(app: App, session: ResolvedSession, invocation: Invocation): Promise<void> {
  const lastSeenAt = new Date(app.clock.now()).toISOString();
  const { sessionKey } = session;
  const touch = (document: AccountDocument) =>
    isSeenSince(session, document)
      ? ({ kind: "none" } as const)
      : changeSession(document, sessionKey, (stored) => ({ ...stored, lastSeenAt }));
  const signal = AbortSignal.any([invocation.signal, AbortSignal.timeout(extendTimeoutMs)]);
  try {
    const { accounts } = await app.store();
    const { before } = await changeAccount(accounts, session.account, touch, app.timing, signal);
    if (!before || !Object.hasOwn(before.sessions, sessionKey)) throw sessionLost();
  } catch (error) {
    if (error instanceof SignInRequiredError) throw error;
    // The session is valid, only its extension could not be stored; the next request tries again.
    invocation.telemetry.warn("request_failed", { step: "extend_idle_lifetime", code: conditionOf(error) });
  }
}

/** Whether another request of the same page has extended it by now: then there is nothing left to write. */
function isSeenSince({ sessionKey, stored }: ResolvedSession, { sessions }: AccountDocument): boolean {
  const seenAt = Object.hasOwn(sessions, sessionKey) ? sessions[sessionKey]?.lastSeenAt : undefined;
  return seenAt !== undefined && seenAt > stored.lastSeenAt;
}

/** Longer than any answer can be under way. */
const lateAnswerMs = 60_000;

/** The session with which the browser that sent `cookie` has just signed in anew, if it has: to the same account or another. */
export async function successorOfCookie(
  app: App,
  cookie: SessionCookie,
  account: AccountDocument | undefined,
  { signal }: Invocation,
): Promise<Successor | undefined> {
  const replaced = sessionKeyOf(cookie.secret);
  const [sessionKey, session] = (account && successorOf(account, replaced)) ?? [];
  const successor =
    sessionKey && session
      ? { accountKey: cookie.accountKey, sessionKey, since: session.createdAt }
      : await successorElsewhere((await app.store()).sids, replaced, signal);
  const isRecent = successor && app.clock.now() - Date.parse(successor.since) <= lateAnswerMs;
  return isRecent ? successor : undefined;
}

/** The browser has another cookie by now, or will when its answer arrives: this late answer must not take that away. */
function signedInAnew(cause: unknown): SignInRequiredError {
  const detail = "This browser has signed in anew since the request was sent. Send it again.";
  return new SignInRequiredError(detail, { sessionEnded: false, cause });
}

/** The cookie opens nothing. */
export function sessionEnded(cause?: unknown): SignInRequiredError {
  return new SignInRequiredError(noSession, { sessionEnded: true, cause });
}

/**
 * The session has ended while the request was under way. By now the person may have signed in anew: whether the browser's
 * cookie opens nothing is for its next request to find out.
 */
export function sessionLost(cause?: unknown): SignInRequiredError {
  return new SignInRequiredError(noSession, { sessionEnded: false, cause });
}

const noSession = "There is no session, or it has ended.";
