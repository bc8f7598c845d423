import { accountKeyOf } from "../account/document.ts";
import type { App } from "../app/app.ts";
import { carryOutOrDefer } from "./carry-out.ts";
import type { SignOutResult } from "./end-sessions.ts";
import type { SigningOut } from "./defer.ts";
import { newOrder } from "./order.ts";

/** Signs an account out everywhere, for an administrator who knows MSAL's `homeAccountId`. */
export async function purgeAccount(app: App, homeAccountId: string, invocation: SigningOut): Promise<SignOutResult> {
  const accountKey = accountKeyOf(app.authority.environment, homeAccountId);
  return carryOutOrDefer(app, newOrder(app, { origin: "administrator", accountKey, reach: "account" }), invocation);
}
