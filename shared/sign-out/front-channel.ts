import { sidKeyOf } from "../account/index-entry.ts";
import type { App } from "../app/app.ts";
import { carryOutOrDefer } from "./carry-out.ts";
import type { SignOutResult } from "./end-sessions.ts";
import type { SigningOut } from "./defer.ts";
import { newOrder } from "./order.ts";

/**
 * Front-channel sign-out (OpenID Connect Front-Channel Logout 1.0). It brings a `sid` and no cookie. The `sid` is marked
 * first, so that a sign-in under way for it is refused. A `sid` whose session is no longer in the document changes nothing:
 * an old link cannot sign out a new session.
 */
export async function signOutFrontChannel(app: App, sid: string, invocation: SigningOut): Promise<SignOutResult> {
  const order = newOrder(app, { origin: "front_channel", sidKey: sidKeyOf(app.authority.url, sid), reach: "scope" });
  return carryOutOrDefer(app, order, invocation);
}
