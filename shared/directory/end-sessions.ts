import type { AccountDocument } from "../account/document.ts";
import { findAccount } from "../account/guests.ts";
import { mayBeUnderWay } from "../account/signed-out-since.ts";
import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { orderForAccount } from "../sign-out/by-administrator.ts";
import { carryOut } from "../sign-out/carry-out.ts";
import { datedAs, latestNow, settingsOf, type SignOutOrder } from "../sign-out/order.ts";
import { applyPlan, planSignOut } from "../sign-out/plan.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { Verdict } from "./verdict.ts";

/** An account of the directory that is signed in here. */
export interface SignedInAccount {
  /** `<object id>.<tenant id>`, as the directory has it. */
  readonly id: string;
  readonly seen: Versioned<AccountDocument>;
}

/** The account of a user of the directory, member or guest, if it has sessions here: one point read, or two if there are none. */
export async function signedInAccount(
  app: App,
  { tenantId }: DirectoryConfiguration,
  objectId: string,
  { signal }: Invocation,
): Promise<SignedInAccount | undefined> {
  const id = `${objectId}.${tenantId}`;
  const seen = await findAccount(await app.store(), app.authority.environment, id, signal);
  return seen && { id, seen };
}

/** The directory counts whole seconds, and its clock may differ a little from the store's: a session that began so close ends. */
const toleranceMs = 2_000;

/**
 * Ends what the directory says.
 *
 *     directory: revokes the sessions                               12:00:00
 *     person: signs in anew                                         12:00:30
 *     app: hears of the revocation, for the second time perhaps     12:01:00
 *
 * The order is dated 12:00:00, so that the new session stays, however late or often the app hears of it.
 */
export async function endByDirectory(
  app: App,
  { id, seen }: SignedInAccount,
  verdict: Verdict,
  invocation: Invocation,
): Promise<void> {
  if (verdict.ends === "nothing") return;
  const order = datedBy(verdict, orderForAccount(app, "directory", id), app);
  const plan = planSignOut(seen.document, order, { settings: settingsOf(app), newerSessions: "spare" });
  // Most changes of an account end nothing, and the log need not tell of them.
  if (applyPlan(plan, seen.document).kind === "none" && !concernsSignIns(app, order)) return;
  // Not what was seen: the account is read again once it is marked, so that no sign-in comes in between.
  await carryOut(app, order, invocation, { newerSessions: "spare" });
}

/** Whether a sign-in from before the order may be under way. */
function concernsSignIns({ clock }: App, { requestedAt }: SignOutOrder): boolean {
  return requestedAt !== null && mayBeUnderWay({ signedOutAt: requestedAt }, clock.now());
}

function datedBy(verdict: Verdict, order: SignOutOrder, app: App): SignOutOrder {
  if (verdict.ends !== "earlier") return order;
  const earlier = new Date(verdict.than + toleranceMs).toISOString();
  const now = latestNow(app);
  return now === null || earlier < now ? datedAs(order, earlier) : order;
}
