import { sessionKeyOf } from "../account/document.ts";
import type { App, Invocation } from "../app/app.ts";
import { settled } from "../core/waiting.ts";
import type { SessionCookie } from "../session/cookie.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { carryOut } from "./carry-out.ts";
import type { SignOutResult } from "./end-sessions.ts";
import { newOrder } from "./order.ts";

/** Ends the session of another account that this browser had until it signed in anew. */
export async function endReplacedSession(app: App, previous: SessionCookie, invocation: Invocation): Promise<void> {
  const { accountKey, secret } = previous;
  const order = newOrder(app, { origin: "replaced", accountKey, sessionKey: sessionKeyOf(secret), reach: "named" });
  await carryOut(app, order, invocation);
}

/** Ends the sessions of `accountKey` under a `sid` that now belongs to another account. */
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

/**
 * Ends a session that is not served any more because its sign-in began too early, so that its tokens do not stay. If the store
 * fails, the next request with its cookie tries again.
 */
export async function endUnservedSession(
  app: App,
  { accountKey, sessionKey, account }: ResolvedSession,
  invocation: Invocation,
): Promise<void> {
  const order = newOrder(app, { origin: "not_before", accountKey, sessionKey, reach: "named" });
  await settled(carryOut(app, order, invocation, { seen: account }));
}

/** Ends a session whose refresh token brought tokens of another account, whatever the session holds by now. */
export async function endSessionWithForeignTokens(
  app: App,
  { accountKey, sessionKey }: ResolvedSession,
  invocation: Invocation,
): Promise<void> {
  await carryOut(app, newOrder(app, { origin: "token_refused", accountKey, sessionKey, reach: "named" }), invocation);
}
