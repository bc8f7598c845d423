import { liveSession } from "../account/document.ts";
import { sessionKeyOf } from "../account/keys.ts";
import type { App } from "../app/app.ts";
import type { SigningOut } from "./signing-out.ts";
import { sessionCookieName, type SessionCookie } from "../session/cookie.ts";
import type { CookieJar } from "../http/cookie-jar.ts";
import { lookUp, successorOfCookie, type ResolvedSession } from "../session/resolve.ts";
import { SignOutDeferredError } from "./deferred.ts";
import { deferSignOutHere, endAllSessions, signOutHere, signOutNamed, type Reach } from "./sign-out.ts";

export interface CookieSignOut {
  /** The session that the cookie opened. */
  readonly session: ResolvedSession | undefined;
  /** Whether the cookie had a session, or had one a moment ago. */
  readonly isKnown: boolean;
}

/**
 * Signs out whoever the cookie belongs to. A session that is there and cannot be opened here ends all the same: an instance
 * of another version may be able to. Where its session is not there, the same browser may just have signed in anew, and the
 * answer with the new cookie may still be under way: whoever signs out in that moment means the new session. A cookie whose
 * session is over ends no more than that one session, whatever was asked for.
 * @throws {SignOutDeferredError} when the store failed, also when it cannot say whose cookie it is: the order then says
 *   that there must be such a session
 * @throws {SignOutFailedError} when the queue failed, too
 */
export async function signOutByCookie(
  app: App,
  cookie: SessionCookie,
  reach: Reach,
  invocation: SigningOut,
): Promise<CookieSignOut> {
  const whenUnknown = async (error: unknown): Promise<never> => {
    throw await deferSignOutHere(app, cookie, reach, invocation, error);
  };
  const { session, account } = await lookUp(app, cookie, invocation).catch(whenUnknown);
  const signOut = reach === "everywhere" ? endAllSessions : signOutHere;
  const result = session && (await signOut(app, session, invocation));
  if (result && result.outcome !== "nothing") return { session, isKnown: true };
  const sessionKey = sessionKeyOf(cookie.secret);
  const isThere = !session && account && (account.unreadable || Object.hasOwn(account.sessions, sessionKey));
  const meant = isThere
    ? { accountKey: cookie.accountKey, sessionKey }
    : await successorOfCookie(app, cookie, account, invocation).catch(whenUnknown);
  const isLive = isThere && liveSession(account, sessionKey, app.configuration.session, app.clock.now());
  if (meant) await signOutNamed(app, meant, reach, isLive ? reach : "named", invocation);
  return { session, isKnown: session !== undefined || meant !== undefined };
}

/**
 * Clears this browser's cookie when `signOut` is done or waits in the queue. Otherwise it stays: with it the person can sign
 * out again, and without it nobody could.
 */
export async function clearingCookie<T>(cookies: CookieJar, signOut: Promise<T>): Promise<T> {
  try {
    const result = await signOut;
    cookies.clear(sessionCookieName);
    return result;
  } catch (error) {
    if (error instanceof SignOutDeferredError) cookies.clear(sessionCookieName);
    throw error;
  }
}
