import { accountKeyOf, type AccountDocument } from "../account/document.ts";
import { personKeyOf } from "../account/index-entry.ts";
import type { App } from "../app/app.ts";
import type { SignOutOrigin } from "../app/sign-out-origins.ts";
import type { Versioned } from "../store/point-operations.ts";
import { carryOutOrDefer } from "./carry-out.ts";
import type { SignOutResult } from "./end-sessions.ts";
import type { SigningOut } from "./defer.ts";
import { newOrder, type SignOutOrder } from "./order.ts";

/**
 * Signs an account out everywhere, for an administrator.
 * @param id as for {@link orderForAccount}
 */
export async function purgeAccount(app: App, id: string, invocation: SigningOut): Promise<SignOutResult> {
  return carryOutOrDefer(app, orderForAccount(app, "administrator", id), invocation);
}

/** Ends one of an account's sessions, for an administrator. */
export async function endSessionOf(
  app: App,
  account: Versioned<AccountDocument>,
  sessionKey: string,
  invocation: SigningOut,
): Promise<SignOutResult> {
  const { id: accountKey } = account.document;
  const order = newOrder(app, { origin: "administrator", accountKey, sessionKey, reach: "named" });
  return carryOutOrDefer(app, order, invocation, { seen: account });
}

/**
 * An order for an account itself.
 * @param id `<object id>.<tenant id>` of any tenant in which the person signs in here. At home, this is MSAL's `homeAccountId`
 */
export function orderForAccount(app: App, origin: SignOutOrigin, id: string): SignOutOrder {
  const { environment } = app.authority;
  const keys = { accountKey: accountKeyOf(environment, id), personKey: personKeyOf(environment, id) };
  return newOrder(app, { origin, ...keys, reach: "account" });
}
