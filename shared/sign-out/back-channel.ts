import { sidKeyOf, subjectKeyOf } from "../account/sid-entry.ts";
import type { App } from "../app/app.ts";
import { sha256Base64Url } from "../core/encoding.ts";
import { clockToleranceSeconds } from "../identity/jwt.ts";
import type { LogoutToken } from "../identity/logout-token.ts";
import { carryOutOrDefer, type SignOutResult } from "./carry-out.ts";
import type { SigningOut } from "./defer.ts";
import { newOrder } from "./order.ts";

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
