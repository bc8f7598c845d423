import { sidKeyOf } from "../account/index-entry.ts";
import type { App } from "../app/app.ts";
import { carryOutOrDefer } from "./carry-out.ts";
import type { SignOutResult } from "./end-sessions.ts";
import type { SigningOut } from "./defer.ts";
import { newOrder } from "./order.ts";

/**
 * Front-channel sign-out (OpenID Connect Front-Channel Logout 1.0), for a `sid` and without a cookie. It marks the `sid` first,
 * so that a sign-in under way for it is refused. If the session of the `sid` is no longer in the document, nothing ends: an old
 * link cannot sign out a new session.
 */
export async function signOutFrontChannel(app: App, sid: string, invocation: SigningOut): Promise<SignOutResult> {
  const order = newOrder(app, { origin: "front_channel", sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  return carryOutOrDefer(app, order, invocation);
}
