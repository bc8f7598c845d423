import { sessionKeyOf } from "../account/document.ts";
import type { Successor } from "../account/index-entry.ts";
import type { App } from "../app/app.ts";
import type { SignOutOrigin } from "../app/sign-out-origins.ts";
import type { SessionCookie } from "../session/cookie.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { carryOutOrDefer } from "./carry-out.ts";
import type { SignOutResult } from "./end-sessions.ts";
import { leaveToQueue, type SignOutDeferredError, type SignOutFailedError, type SigningOut } from "./defer.ts";
import { newOrder, type SignOutOrder } from "./order.ts";

/** What a person asks to end: what `SignOut__Scope` says, or all sessions of the account. */
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
  return leaveToQueue(order, invocation, cause);
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

function originOf(reach: Reach): SignOutOrigin {
  return reach === "everywhere" ? "sessions_page" : "app";
}
