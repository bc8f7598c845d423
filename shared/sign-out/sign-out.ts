import type { AccountDocument } from "../account/document.ts";
import { accountKeyOf, sessionKeyOf, sidKeyOf, subjectKeyOf } from "../account/keys.ts";
import { successorElsewhere, type Successor } from "../account/succession.ts";
import type { App, Invocation } from "../app/app.ts";
import type { SigningOut } from "./signing-out.ts";
import { sha256Base64Url } from "../core/encoding.ts";
import { clockToleranceSeconds } from "../identity/jwt.ts";
import type { LogoutToken } from "../identity/logout-token.ts";
import type { SessionCookie } from "../session/cookie.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { carryOut, carryOutOrDefer, settingsOf, timeNow, type SignOutResult } from "./carry-out.ts";
import { isOfThatMinute } from "./decide.ts";
import { deferred } from "./defer.ts";
import type { SignOutDeferredError, SignOutFailedError } from "./deferred.ts";
import type { SignOutOrder, SignOutOrigin } from "./order.ts";

/** What a person asks for here: what `SignOut__Scope` makes of this browser's session, or all sessions of the account. */
export type Reach = Extract<SignOutOrder["reach"], "scope" | "everywhere">;

/**
 * Sign-out that the person asked for in this app. Depending on `SignOut__Scope` it ends the account's sessions or those
 * of this browser. When it returns, the tokens are gone from the store.
 * @throws {SignOutDeferredError} when the store failed: it will be finished later
 * @throws {SignOutFailedError} when the queue failed, too
 */
export async function signOutHere(app: App, session: ResolvedSession, invocation: SigningOut): Promise<SignOutResult> {
  const { accountKey, sessionKey } = session;
  const { sid } = session.stored;
  const order = orderOf(app, { origin: "app", accountKey, sessionKey, sidKey: sid, reach: "scope" });
  return carryOutOrDefer(app, order, invocation, { seen: session.account });
}

/**
 * The same for a session of the browser that its cookie does not open.
 * @param asked what the person asked for
 * @param reach what the cookie gives the right to: a session that it opens no more, or the one that has just replaced it,
 *   ends alone
 */
export async function signOutNamed(
  app: App,
  { accountKey, sessionKey }: Pick<Successor, "accountKey" | "sessionKey">,
  asked: Reach,
  reach: Reach | "named",
  invocation: SigningOut,
): Promise<void> {
  const order = orderOf(app, { origin: originOf(asked), accountKey, sessionKey, reach });
  await carryOutOrDefer(app, order, invocation);
}

/**
 * The same where the store could not even be asked whether the cookie opens a session. The order names the session that
 * the cookie's secret hashes to, so that it does nothing if there is none, and no more than that if it has ended by now.
 */
export async function deferSignOutHere(
  app: App,
  { accountKey, secret }: SessionCookie,
  reach: Reach,
  invocation: SigningOut,
  cause: unknown,
): Promise<SignOutDeferredError | SignOutFailedError> {
  const sessionKey = sessionKeyOf(secret);
  const order = orderOf(app, { origin: originOf(reach), accountKey, sessionKey, reach, unproven: true });
  return deferred(order, invocation, cause);
}

/**
 * Front-channel sign-out (OpenID Connect Front-Channel Logout 1.0): `sid` is all there is, no cookie. The `sid` is
 * marked first, so that a sign-in in flight for it is refused, whatever happens next. A `sid` whose session is no longer
 * in the document changes nothing: an old link cannot sign out a new session.
 */
export async function signOutFrontChannel(app: App, sid: string, invocation: SigningOut): Promise<SignOutResult> {
  const order = orderOf(app, { origin: "front_channel", sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  return carryOutOrDefer(app, order, invocation);
}

/**
 * Back-channel sign-out (OpenID Connect Back-Channel Logout 1.0 section 2.7): the sessions of the token's `sid`, or all of
 * its `sub` when it names no session. Sessions begun after the token was issued are not meant.
 * @throws {ConditionError} `logout_token_invalid` when the token was used before, and nothing of what it asks for is left
 */
export async function signOutBackChannel(app: App, token: LogoutToken, invocation: SigningOut): Promise<SignOutResult> {
  const { issuer, sid, subject = "" } = token;
  const origin = "back_channel";
  // Of another clock: a session that is there is only spared if it is newer whatever the two clocks say.
  const latest = Date.parse(token.issuedAt) + clockToleranceSeconds * 1000;
  const now = app.clock.bounds()?.latest;
  const asked =
    sid === undefined
      ? orderOf(app, { origin, subjectKey: subjectKeyOf(issuer, subject), reach: "account" })
      : orderOf(app, { origin, sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  const { requestedTick: _, ...undated } = asked;
  const order =
    now === undefined || latest >= now ? asked : { ...undated, requestedAt: new Date(latest).toISOString() };
  return carryOutOrDefer(app, order, invocation, { jti: sha256Base64Url(token.jti), spareNewer: true });
}

/** Ends one of the account's sessions, chosen from the list of them. */
export async function endOneSession(
  app: App,
  session: ResolvedSession,
  sessionKey: string,
  invocation: SigningOut,
): Promise<SignOutResult> {
  const { accountKey, account } = session;
  const order = orderOf(app, { origin: "sessions_page", accountKey, sessionKey, reach: "named" });
  return carryOutOrDefer(app, order, invocation, { seen: account });
}

/** Signs the account out everywhere, whatever `SignOut__Scope` says. */
export async function endAllSessions(
  app: App,
  session: ResolvedSession,
  invocation: SigningOut,
): Promise<SignOutResult> {
  const { accountKey, sessionKey, account } = session;
  const order = orderOf(app, { origin: originOf("everywhere"), accountKey, sessionKey, reach: "everywhere" });
  return carryOutOrDefer(app, order, invocation, { seen: account });
}

/** An administrator removes an account, known by MSAL's `homeAccountId`. */
export async function purgeAccount(app: App, homeAccountId: string, invocation: SigningOut): Promise<SignOutResult> {
  const accountKey = accountKeyOf(app.authority.environment, homeAccountId);
  return carryOutOrDefer(app, orderOf(app, { origin: "administrator", accountKey, reach: "account" }), invocation);
}

/** A new sign-in took this browser over from another account: that account's session in this browser ends. */
export async function endReplacedSession(app: App, previous: SessionCookie, invocation: Invocation): Promise<void> {
  const { accountKey, secret } = previous;
  const order = orderOf(app, { origin: "replaced", accountKey, sessionKey: sessionKeyOf(secret), reach: "named" });
  await carryOut(app, order, invocation);
}

/** The identity provider's session `sidKey` now belongs to another account: what the earlier one had under it ends. */
export async function endDisplacedSessions(
  app: App,
  accountKey: string,
  sidKey: string,
  invocation: Invocation,
): Promise<void> {
  await carryOut(app, orderOf(app, { origin: "displaced", accountKey, sidKey, reach: "named" }), invocation);
}

/**
 * The identity provider will renew this session's tokens no more: revoked, expired, or the account is disabled. Tokens
 * stored since `session` was read are not meant: they are newer than the refusal.
 */
export async function endRefusedSession(
  app: App,
  session: ResolvedSession,
  invocation: Invocation,
): Promise<SignOutResult> {
  const { accountKey, sessionKey, stored } = session;
  const order = orderOf(app, { origin: "token_refused", accountKey, sessionKey, reach: "named" });
  const onlyIf = (document: AccountDocument) => document.sessions[sessionKey]?.sealed === stored.sealed;
  return carryOut(app, order, invocation, { onlyIf });
}

/** The identity provider takes this session's refresh token for another account's: it ends, whatever it holds by now. */
export async function endMistakenSession(
  app: App,
  { accountKey, sessionKey }: ResolvedSession,
  invocation: Invocation,
): Promise<void> {
  await carryOut(app, orderOf(app, { origin: "token_refused", accountKey, sessionKey, reach: "named" }), invocation);
}

/** Finishes what an order from the queue says. */
export async function finishSignOut(app: App, order: SignOutOrder, invocation: Invocation): Promise<void> {
  const { outcome } = await carryOut(app, order, invocation, { late: true });
  // A browser that was changing to another account when it asked means the session that it has now, and no other.
  if (outcome !== "nothing" || order.reach === "named" || order.sessionKey === null) return;
  const { sids } = await app.store();
  const successor = await successorElsewhere(sids, order.sessionKey, invocation.signal);
  if (!successor || !isOfThatMinute(successor.since, order)) return;
  const { accountKey, sessionKey } = successor;
  const meant = { ...order, accountKey, sessionKey, sidKey: null, reach: "named" } as const;
  await carryOut(app, meant, invocation, { late: true });
}

function originOf(reach: Reach): SignOutOrigin {
  return reach === "everywhere" ? "sessions_page" : "app";
}

function orderOf(app: App, order: Pick<SignOutOrder, "origin" | "reach"> & Partial<SignOutOrder>): SignOutOrder {
  return {
    accountKey: null,
    sessionKey: null,
    sidKey: null,
    subjectKey: null,
    requestedAt: timeNow(app),
    requestedTick: app.clock.tick(),
    settings: settingsOf(app),
    ...order,
  };
}
