import { sidKeyOf, subjectKeyOf } from "../account/index-entry.ts";
import type { App } from "../app/app.ts";
import { sha256Base64Url } from "../core/encoding.ts";
import { clockToleranceSeconds } from "../identity/jwt.ts";
import type { LogoutToken } from "../identity/logout-token.ts";
import { carryOutOrDefer } from "./carry-out.ts";
import type { SigningOut } from "./defer.ts";
import type { SignOutResult } from "./end-sessions.ts";
import { datedAs, newOrder, type SignOutOrder } from "./order.ts";

/**
 * Back-channel sign-out (OpenID Connect Back-Channel Logout 1.0 section 2.7). It ends the sessions of the token's `sid` or, if
 * the token names no session, all sessions of its `sub`. Sessions that began after the token was issued are spared.
 * @throws {ProblemError} `logout_token_invalid` when the token was used before, and nothing is left for it to end
 */
export async function signOutBackChannel(app: App, token: LogoutToken, invocation: SigningOut): Promise<SignOutResult> {
  const { issuer, sid, subject = "" } = token;
  const origin = "back_channel";
  const order =
    sid === undefined
      ? newOrder(app, { origin, subjectKey: subjectKeyOf(issuer, subject), reach: "account" })
      : newOrder(app, { origin, sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  const options = { jti: sha256Base64Url(token.jti), newerSessions: "spare" } as const;
  return carryOutOrDefer(app, datedByToken(order, token, app), invocation, options);
}

/**
 * Dates the order by the token, whose time is by the provider's clock. The tolerance for that clock is added, so that only a
 * session that is certainly newer is spared.
 */
function datedByToken(order: SignOutOrder, { issuedAt }: LogoutToken, { clock }: App): SignOutOrder {
  const latest = Date.parse(issuedAt) + clockToleranceSeconds * 1000;
  const now = clock.bounds()?.latest;
  return now !== undefined && latest < now ? datedAs(order, new Date(latest).toISOString()) : order;
}
