import type { AccountDocument, Change } from "../account/document.ts";
import { accountKeyOf, sessionKeyOf, sidKeyOf, subjectKeyOf } from "../account/keys.ts";
import { entomb, type SidEntry } from "../account/sid-index.ts";
import { successorElsewhere, type Successor } from "../account/succession.ts";
import { changeAccount, type ChangeResult } from "../account/store.ts";
import type { App, Invocation } from "../app.ts";
import { ConditionError, conditionOf } from "../errors.ts";
import type { LogoutToken } from "../identity/logout-token.ts";
import type { SessionCookie } from "../session/cookie.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import type { PointOperations, Versioned } from "../store/point-operations.ts";
import { requestUnitsSoFar } from "../telemetry/activity.ts";
import { SignOutDeferredError } from "./deferred.ts";
import { decideSignOut, namesSessionOf, reachesAccount, type SignOutOrder } from "./order.ts";

export interface SignOutResult {
  /** "nothing": there was no such session, or an earlier sign-out had taken it. */
  readonly outcome: "account_deleted" | "sessions_removed" | "nothing";
  readonly sessionsRemoved: number;
}

/**
 * Sign-out that the person asked for in this app. Depending on `SignOut__Scope` it ends the account's sessions or those
 * of this browser. When it returns, the tokens are gone from the store.
 * @throws {SignOutDeferredError} when the store failed: it will be finished later
 */
export async function signOutHere(app: App, session: ResolvedSession, invocation: Invocation): Promise<SignOutResult> {
  const { accountKey, sessionKey } = session;
  const { sid } = session.stored;
  const order = orderOf({ origin: "app", accountKey, sessionKey, sidKey: sid, reach: "scope" });
  return carryOutOrDefer(app, order, invocation, { seen: session.account });
}

/**
 * The same for the session of a sign-in in the same browser that has just replaced the one that the cookie was for. The
 * answer to that sign-in, with the new cookie, may still be under way.
 */
export async function signOutSuccessor(
  app: App,
  { accountKey, sessionKey }: Successor,
  reach: "scope" | "account",
  invocation: Invocation,
): Promise<void> {
  await carryOutOrDefer(app, orderOf({ origin: "app", accountKey, sessionKey, reach }), invocation);
}

/**
 * The same where the store could not even be asked whether the cookie opens a session. The order names the session that
 * the cookie's secret hashes to, so that it does nothing if there is none.
 */
export function deferSignOutHere(cookie: SessionCookie, invocation: Invocation, cause: unknown): SignOutDeferredError {
  return deferred(orderByCookie(cookie), invocation, cause);
}

function orderByCookie({ accountKey, secret }: SessionCookie): SignOutOrder {
  return orderOf({ origin: "app", accountKey, sessionKey: sessionKeyOf(secret), reach: "scope" });
}

/**
 * Front-channel sign-out (OpenID Connect Front-Channel Logout 1.0): `sid` is all there is, no cookie. The `sid` is
 * marked first, so that a sign-in in flight for it is refused, whatever happens next. A `sid` whose session is no longer
 * in the document changes nothing: an old link cannot sign out a new session.
 */
export async function signOutFrontChannel(app: App, sid: string, invocation: Invocation): Promise<SignOutResult> {
  const order = orderOf({ origin: "front_channel", sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  return carryOutOrDefer(app, order, invocation);
}

/**
 * Back-channel sign-out (OpenID Connect Back-Channel Logout 1.0 section 2.7): the sessions of the token's `sid`, or all of
 * its `sub` when it names no session. Sessions begun after the token was issued are not meant.
 * @throws {ConditionError} `logout_token_invalid` when the token was used before
 */
export async function signOutBackChannel(app: App, token: LogoutToken, invocation: Invocation): Promise<SignOutResult> {
  const { issuer, sid, subject = "", jti } = token;
  if (sid !== undefined) {
    const order = orderOf({ origin: "back_channel", sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
    return carryOutOrDefer(app, order, invocation, { jti });
  }
  // `iat` is in whole seconds, and of another clock.
  const requestedAt = new Date(Date.parse(token.issuedAt) + issuedAtToleranceMs).toISOString();
  const subjectKey = subjectKeyOf(issuer, subject);
  const order = orderOf({ origin: "back_channel", subjectKey, reach: "account", requestedAt });
  return carryOutOrDefer(app, order, invocation, { jti, spareNewer: true });
}

const issuedAtToleranceMs = 30_000;

function replayed(): ConditionError {
  return new ConditionError("logout_token_invalid", "The token is not valid: jti.");
}

/** Ends one of the account's sessions, chosen from the list of them. */
export async function endOneSession(
  app: App,
  session: ResolvedSession,
  sessionKey: string,
  invocation: Invocation,
): Promise<SignOutResult> {
  const { accountKey, account } = session;
  const order = orderOf({ origin: "sessions_page", accountKey, sessionKey, reach: "named" });
  return carryOutOrDefer(app, order, invocation, { seen: account });
}

/** Signs the account out everywhere, whatever `SignOut__Scope` says. */
export async function endAllSessions(
  app: App,
  session: ResolvedSession,
  invocation: Invocation,
): Promise<SignOutResult> {
  const order = orderOf({ origin: "sessions_page", accountKey: session.accountKey, reach: "account" });
  return carryOutOrDefer(app, order, invocation, { seen: session.account });
}

/** An administrator removes an account, known by MSAL's `homeAccountId`. */
export async function purgeAccount(app: App, homeAccountId: string, invocation: Invocation): Promise<SignOutResult> {
  const accountKey = accountKeyOf(app.authority.environment, homeAccountId);
  return carryOutOrDefer(app, orderOf({ origin: "administrator", accountKey, reach: "account" }), invocation);
}

/** A new sign-in took this browser over from another account: that account's session in this browser ends. */
export async function endReplacedSession(app: App, previous: SessionCookie, invocation: Invocation): Promise<void> {
  const { accountKey, secret } = previous;
  const order = orderOf({ origin: "replaced", accountKey, sessionKey: sessionKeyOf(secret), reach: "named" });
  await carryOut(app, order, invocation);
}

/** The identity provider's session `sidKey` now belongs to another account: what the earlier one had under it ends. */
export async function endDisplacedSessions(
  app: App,
  accountKey: string,
  sidKey: string,
  invocation: Invocation,
): Promise<void> {
  await carryOut(app, orderOf({ origin: "displaced", accountKey, sidKey, reach: "named" }), invocation);
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
  const order = orderOf({ origin: "token_refused", accountKey, sessionKey, reach: "named" });
  const onlyIf = (document: AccountDocument) => document.sessions[sessionKey]?.sealed === stored.sealed;
  return carryOut(app, order, invocation, { onlyIf });
}

/** Finishes what an order from the queue says. */
export async function finishSignOut(app: App, order: SignOutOrder, invocation: Invocation): Promise<void> {
  const { outcome } = await carryOut(app, order, invocation, { late: true });
  if (outcome !== "nothing" || order.origin !== "app" || order.sessionKey === null) return;
  const { sids } = await app.store();
  const successor = await successorElsewhere(sids, order.sessionKey, invocation.signal);
  if (successor) await carryOut(app, { ...order, ...successor }, invocation, { late: true });
}

export interface CarryOutOptions {
  /** The account's document, if it was read a moment ago. */
  readonly seen?: Versioned<AccountDocument>;
  /** Whether the order comes from the queue, some time after it was given. */
  readonly late?: boolean;
  /** Whether sessions begun after the order was given are spared; always so when it is late. */
  readonly spareNewer?: boolean;
  /** Asked of the document as it is when it is changed. */
  readonly onlyIf?: (document: AccountDocument) => boolean;
  /** Of the logout token that asks for it. */
  readonly jti?: string;
  /** Told which account it is about, as soon as that is known. */
  readonly located?: (accountKey: string) => void;
  /** Told when a session that the order names is there. */
  readonly found?: () => void;
}

/** Does what an order says and tells what became of it. Every sign-out goes through here. */
export async function carryOut(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options: CarryOutOptions = {},
): Promise<SignOutResult> {
  const cost = costMeter(options.seen !== undefined);
  const { origin } = order;
  const { late = false, spareNewer = late, onlyIf = () => true } = options;
  const { scope } = app.configuration.signOut;
  try {
    const account = options.seen ?? (await findAccount(app, order, options, invocation));
    const first = account?.document;
    if (first && namesSessionOf(first, order, spareNewer)) options.found?.();
    const decide = (document: AccountDocument) =>
      onlyIf(document) ? decideSignOut(document, order, scope, spareNewer, first) : noChange;
    const result = await endSessions(app, account, decide, invocation);
    invocation.telemetry.info("signout", { origin, late, ...result, ...cost() });
    return result;
  } catch (error) {
    const code = conditionOf(error);
    invocation.telemetry.error("signout", { origin, late, outcome: "failed", code, ...cost() });
    throw error;
  }
}

async function carryOutOrDefer(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options?: CarryOutOptions,
): Promise<SignOutResult> {
  let { accountKey, reach } = order;
  const located = (key: string) => (accountKey = key);
  const found = () => (reach = reachesAccount(order, app.configuration.signOut.scope) ? "account" : reach);
  try {
    return await carryOut(app, order, invocation, { ...options, located, found });
  } catch (error) {
    if (conditionOf(error) === "logout_token_invalid") throw error;
    // With what is known by now: the index entry, and the session that was named, may be gone when the order is finished.
    throw deferred({ ...order, accountKey, reach }, invocation, error);
  }
}

function deferred(order: SignOutOrder, invocation: Invocation, cause: unknown): SignOutDeferredError {
  invocation.finishLater(order);
  invocation.telemetry.warn("signout_deferred", { origin: order.origin, code: conditionOf(cause) });
  return new SignOutDeferredError(cause);
}

function orderOf(order: Pick<SignOutOrder, "origin" | "reach"> & Partial<SignOutOrder>): SignOutOrder {
  return {
    accountKey: null,
    sessionKey: null,
    sidKey: null,
    subjectKey: null,
    requestedAt: new Date().toISOString(),
    ...order,
  };
}

async function findAccount(
  app: App,
  order: SignOutOrder,
  options: CarryOutOptions,
  { signal }: Invocation,
): Promise<Versioned<AccountDocument> | undefined> {
  const { accounts, sids } = await app.store();
  const key = order.accountKey ?? (await findAccountKey(sids, order, options, signal));
  if (key === null) return undefined;
  options.located?.(key);
  return accounts.read(key, signal);
}

/**
 * By the `sid`, or by the subject, which is marked as signed out before anything else. Not when it is late: sign-ins that
 * the mark was for are over, and a newer one may have taken the entry.
 */
async function findAccountKey(
  sids: PointOperations<SidEntry>,
  { sidKey, subjectKey }: SignOutOrder,
  { late = false, jti, located }: CarryOutOptions,
  signal: AbortSignal,
): Promise<string | null> {
  const indexKey = sidKey ?? subjectKey;
  if (indexKey === null) return null;
  if (late) return (await sids.read(indexKey, signal))?.document.accountKey ?? null;
  const tomb = await entomb(sids, indexKey, jti ?? null, signal, located);
  if (tomb.replayed) throw replayed();
  return tomb.accountKey;
}

async function endSessions(
  app: App,
  account: Versioned<AccountDocument> | undefined,
  decide: (document: AccountDocument) => Change,
  { signal }: Invocation,
): Promise<SignOutResult> {
  if (!account) return { outcome: "nothing", sessionsRemoved: 0 };
  const { accounts } = await app.store();
  return summarize(await changeAccount(accounts, account, decide, app.configuration.session, signal));
}

function summarize({ outcome, before, change }: ChangeResult): SignOutResult {
  if (!before || outcome === "unchanged" || outcome === "gone") return { outcome: "nothing", sessionsRemoved: 0 };
  const left = change?.kind === "replace" ? Object.keys(change.sessions).length : 0;
  const sessionsRemoved = Object.keys(before.sessions).length - left;
  return { outcome: outcome === "deleted" ? "account_deleted" : "sessions_removed", sessionsRemoved };
}

const noChange: Change = { kind: "none" };

/**
 * What a sign-out takes: time, and request units of every operation made for it.
 * @param wasRead whether the account's document was read before: then that is all the invocation has done so far
 */
function costMeter(wasRead: boolean): () => { durationMs: number; requestUnits: number } {
  const startedAt = performance.now();
  const spentBefore = wasRead ? 0 : requestUnitsSoFar();
  return () => ({
    durationMs: Math.round(performance.now() - startedAt),
    requestUnits: Math.round((requestUnitsSoFar() - spentBefore) * 100) / 100,
  });
}
