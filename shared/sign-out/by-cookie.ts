import { liveSession, sessionOf, type AccountDocument, sessionKeyOf } from "../account/document.ts";
import type { Successor } from "../account/index-entry.ts";
import type { App } from "../app/app.ts";
import type { CookieJar } from "../http/cookie-jar.ts";
import { clearSessionCookie, type SessionCookie } from "../session/cookie.ts";
import { lookUp, type ResolvedSession } from "../session/resolve.ts";
import { successorOfCookie } from "../session/successor.ts";
import { type SigningOut, SignOutDeferredError } from "./defer.ts";
import type { SignOutResult } from "./end-sessions.ts";
import { deferSignOutHere, endAllSessions, signOutHere, signOutNamed, type Reach } from "./by-person.ts";

export interface CookieSignOut {
  /** The session that the cookie opened. */
  readonly session: ResolvedSession | undefined;
  /** Whether the cookie has a session, or had one a moment ago. */
  readonly isKnown: boolean;
}

/**
 * Signs out the person whose cookie it is.
 *
 * - A live session ends, together with as much of the account as was asked for. This instance need not be able to open it: one
 *   of another version may have written it.
 * - A session that has expired ends alone.
 * - If the session is gone, the browser may just have signed in anew, and the answer with the new cookie is still under way.
 *   The person means the new session, which ends alone.
 * @throws {SignOutDeferredError} when the store failed, even before it told whose cookie it is: the order then does nothing
 *   unless there is such a session
 * @throws {SignOutFailedError} when the queue failed, too
 */
export async function signOutByCookie(
  app: App,
  cookie: SessionCookie,
  reach: Reach,
  invocation: SigningOut,
): Promise<CookieSignOut> {
  const deferIt = async (error: unknown): Promise<never> => {
    throw await deferSignOutHere(app, cookie, reach, invocation, error);
  };
  const { session, account } = await lookUp(app, cookie, invocation).catch(deferIt);
  if (session && (await endOpened(app, session, reach, invocation)) !== "nothing") return { session, isKnown: true };
  const stored = session ? undefined : storedSession(app, cookie, account);
  const named = stored?.session ?? (await successorOfCookie(app, cookie, account, invocation).catch(deferIt));
  if (named) await signOutNamed(app, named, reach, stored?.isLive ? reach : "named", invocation);
  return { session, isKnown: session !== undefined || named !== undefined };
}

async function endOpened(
  app: App,
  session: ResolvedSession,
  reach: Reach,
  invocation: SigningOut,
): Promise<SignOutResult["outcome"]> {
  const signOut = reach === "everywhere" ? endAllSessions : signOutHere;
  return (await signOut(app, session, invocation)).outcome;
}

/** The cookie's session, if it is in the document or may be in a document that cannot be read. */
function storedSession(
  app: App,
  { accountKey, secret }: SessionCookie,
  account: AccountDocument | undefined,
): { readonly session: Pick<Successor, "accountKey" | "sessionKey">; readonly isLive: boolean } | undefined {
  const sessionKey = sessionKeyOf(secret);
  if (!account || !(account.unreadable || sessionOf(account.sessions, sessionKey))) return undefined;
  const isLive = liveSession(account, sessionKey, app.configuration.session, app.clock.now()) !== undefined;
  return { session: { accountKey, sessionKey }, isLive };
}

/**
 * Clears this browser's cookie once `signOut` is done or waits in the queue. If it failed, the cookie stays: without it, the
 * person could not try again.
 */
export async function clearingCookie<T>(cookies: CookieJar, signOut: Promise<T>): Promise<T> {
  try {
    const result = await signOut;
    clearSessionCookie(cookies);
    return result;
  } catch (error) {
    if (error instanceof SignOutDeferredError) clearSessionCookie(cookies);
    throw error;
  }
}
