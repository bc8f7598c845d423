import { accountKeyOf, sessionKeyOf } from "../account/document.ts";
import { sidKeyOf, subjectKeyOf } from "../account/sid-entry.ts";
import { successorElsewhere, type Successor } from "../account/succession.ts";
import type { App, Invocation } from "../app/app.ts";
import type { SigningOut } from "./signing-out.ts";
import { sha256Base64Url } from "../core/encoding.ts";
import { clockToleranceSeconds } from "../identity/jwt.ts";
import type { LogoutToken } from "../identity/logout-token.ts";
import type { SessionCookie } from "../session/cookie.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { carryOut, carryOutOrDefer } from "./carry-out.ts";
import { deferred } from "./defer.ts";
import type { SignOutDeferredError, SignOutFailedError } from "./deferred.ts";
import type { SignOutResult } from "./end-sessions.ts";
import { newOrder } from "./new-order.ts";
import type { SignOutOrder, SignOutOrigin } from "./order.ts";
import { mayHaveCrossed } from "./order-times.ts";

/** What a person asks for here: what `SignOut__Scope` makes of this browser's session, or all sessions of the account. */
export type Reach = Extract<SignOutOrder["reach"], "scope" | "everywhere">;

/**
 * Sign-out that the person asks for in this app. Depending on `SignOut__Scope`, it ends the account's sessions or only those
 * of this browser. When it returns, the tokens are gone from the store.
 * @throws {SignOutDeferredError} when the store failed: it will be finished later
 * @throws {SignOutFailedError} when the queue failed, too
 */
export async function signOutHere(app: App, session: ResolvedSession, invocation: SigningOut): Promise<SignOutResult> {
  const { accountKey, sessionKey } = session;
  const { sid } = session.stored;
  const order = newOrder(app, { origin: "app", accountKey, sessionKey, sidKey: sid, reach: "scope" });
  return carryOutOrDefer(app, order, invocation, { seen: session.account });
}

/**
 * Like {@link signOutHere}, for a session of this browser that its cookie does not open.
 * @param asked what the person asked for
 * @param reach what the cookie allows. "named": the session has expired, or has just replaced the cookie's; it ends alone.
 */
export async function signOutNamed(
  app: App,
  { accountKey, sessionKey }: Pick<Successor, "accountKey" | "sessionKey">,
  asked: Reach,
  reach: Reach | "named",
  invocation: SigningOut,
): Promise<void> {
  const order = newOrder(app, { origin: originOf(asked), accountKey, sessionKey, reach });
  await carryOutOrDefer(app, order, invocation);
}

/**
 * Leaves a sign-out to the queue because the store could not even say whether the cookie opens a session. The order names the
 * session that the cookie's secret hashes to: if there is none, it ends nothing, and if that one has expired, it ends no other.
 * @returns the error to throw
 */
export async function deferSignOutHere(
  app: App,
  { accountKey, secret }: SessionCookie,
  reach: Reach,
  invocation: SigningOut,
  cause: unknown,
): Promise<SignOutDeferredError | SignOutFailedError> {
  const sessionKey = sessionKeyOf(secret);
  const order = newOrder(app, { origin: originOf(reach), accountKey, sessionKey, reach, unproven: true });
  return deferred(order, invocation, cause);
}

/**
 * Front-channel sign-out (OpenID Connect Front-Channel Logout 1.0). It brings a `sid` and no cookie. The `sid` is marked
 * first, so that a sign-in under way for it is refused. A `sid` whose session is no longer in the document changes nothing:
 * an old link cannot sign out a new session.
 */
export async function signOutFrontChannel(app: App, sid: string, invocation: SigningOut): Promise<SignOutResult> {
  const order = newOrder(app, { origin: "front_channel", sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  return carryOutOrDefer(app, order, invocation);
}

/**
 * Back-channel sign-out (OpenID Connect Back-Channel Logout 1.0 section 2.7). It ends the sessions of the token's `sid` or, if
 * the token names no session, all sessions of its `sub`. Sessions that began after the token was issued are spared.
 * @throws {ConditionError} `logout_token_invalid` when the token was used before, and nothing of what it asks for is left
 */
export async function signOutBackChannel(app: App, token: LogoutToken, invocation: SigningOut): Promise<SignOutResult> {
  const { issuer, sid, subject = "" } = token;
  const origin = "back_channel";
  // The provider's clock dates the token. A session is spared only if it is newer whatever the two clocks say.
  const latest = Date.parse(token.issuedAt) + clockToleranceSeconds * 1000;
  const now = app.clock.bounds()?.latest;
  const asked =
    sid === undefined
      ? newOrder(app, { origin, subjectKey: subjectKeyOf(issuer, subject), reach: "account" })
      : newOrder(app, { origin, sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  const { requestedTick: _, ...undated } = asked;
  const order =
    now === undefined || latest >= now ? asked : { ...undated, requestedAt: new Date(latest).toISOString() };
  return carryOutOrDefer(app, order, invocation, { jti: sha256Base64Url(token.jti), begunSince: "spare" });
}

/** Ends one of the account's sessions, chosen from the list of them. */
export async function endOneSession(
  app: App,
  session: ResolvedSession,
  sessionKey: string,
  invocation: SigningOut,
): Promise<SignOutResult> {
  const { accountKey, account } = session;
  const order = newOrder(app, { origin: "sessions_page", accountKey, sessionKey, reach: "named" });
  return carryOutOrDefer(app, order, invocation, { seen: account });
}

/** Signs the account out everywhere, whatever `SignOut__Scope` says. */
export async function endAllSessions(
  app: App,
  session: ResolvedSession,
  invocation: SigningOut,
): Promise<SignOutResult> {
  const { accountKey, sessionKey, account } = session;
  const order = newOrder(app, { origin: originOf("everywhere"), accountKey, sessionKey, reach: "everywhere" });
  return carryOutOrDefer(app, order, invocation, { seen: account });
}

/** An administrator removes an account, known by MSAL's `homeAccountId`. */
export async function purgeAccount(app: App, homeAccountId: string, invocation: SigningOut): Promise<SignOutResult> {
  const accountKey = accountKeyOf(app.authority.environment, homeAccountId);
  return carryOutOrDefer(app, newOrder(app, { origin: "administrator", accountKey, reach: "account" }), invocation);
}

/** Ends the session that this browser had with another account until it signed in with a new one. */
export async function endReplacedSession(app: App, previous: SessionCookie, invocation: Invocation): Promise<void> {
  const { accountKey, secret } = previous;
  const order = newOrder(app, { origin: "replaced", accountKey, sessionKey: sessionKeyOf(secret), reach: "named" });
  await carryOut(app, order, invocation);
}

/** Ends what `accountKey` has under a `sid` that now belongs to another account. */
export async function endDisplacedSessions(
  app: App,
  accountKey: string,
  sidKey: string,
  invocation: Invocation,
): Promise<void> {
  await carryOut(app, newOrder(app, { origin: "displaced", accountKey, sidKey, reach: "named" }), invocation);
}

/**
 * Ends a session whose tokens the identity provider no longer renews: they are revoked or expired, or the account is disabled.
 * If another request has stored new tokens since `session` was read, they are newer than the refusal, and the session stays.
 */
export async function endRefusedSession(
  app: App,
  session: ResolvedSession,
  invocation: Invocation,
): Promise<SignOutResult> {
  const { accountKey, sessionKey, stored } = session;
  const order = newOrder(app, { origin: "token_refused", accountKey, sessionKey, reach: "named" });
  return carryOut(app, order, invocation, { refusedSeal: stored.sealed });
}

/** Ends a session whose refresh token the identity provider takes for another account's, whatever the session holds by now. */
export async function endMistakenSession(
  app: App,
  { accountKey, sessionKey }: ResolvedSession,
  invocation: Invocation,
): Promise<void> {
  await carryOut(app, newOrder(app, { origin: "token_refused", accountKey, sessionKey, reach: "named" }), invocation);
}

/**
 * Carries out an order from the queue.
 *
 *     browser: sign-out with Ada's cookie   the store fails, and the order goes to the queue
 *     browser: callback for Bruno           replaces Ada's session in this browser
 *     queue: the order                      finds Ada's session gone
 *
 * If the two requests may have crossed, the person meant the session that the browser has now. That one ends, and no other.
 */
export async function finishSignOut(app: App, order: SignOutOrder, invocation: Invocation): Promise<void> {
  const { outcome } = await carryOut(app, order, invocation, { late: true });
  if (outcome !== "nothing" || order.reach === "named" || order.sessionKey === null) return;
  const { sids } = await app.store();
  const successor = await successorElsewhere(sids, order.sessionKey, invocation.signal);
  if (!successor || !mayHaveCrossed(successor.since, order)) return;
  const { accountKey, sessionKey } = successor;
  const meant = { ...order, accountKey, sessionKey, sidKey: null, reach: "named" } as const;
  await carryOut(app, meant, invocation, { late: true });
}

function originOf(reach: Reach): SignOutOrigin {
  return reach === "everywhere" ? "sessions_page" : "app";
}
