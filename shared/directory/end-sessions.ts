import { accountKeyOf, type AccountDocument } from "../account/document.ts";
import { secondsNeeded } from "../account/signed-out-since.ts";
import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { carryOut } from "../sign-out/carry-out.ts";
import { datedAs, latestNow, newOrder, settingsOf, type SignOutOrder } from "../sign-out/order.ts";
import { applyPlan, planSignOut } from "../sign-out/plan.ts";
import type { Versioned } from "../store/point-operations.ts";
import type { Verdict } from "./verdict.ts";

/** An account of the directory that is signed in here. */
export interface HeldAccount {
  readonly accountKey: string;
  readonly seen: Versioned<AccountDocument>;
}

/** The account of a user of the directory, if it has sessions here: one point read. */
export async function heldAccount(
  app: App,
  { tenantId }: DirectoryConfiguration,
  objectId: string,
  { signal }: Invocation,
): Promise<HeldAccount | undefined> {
  const accountKey = accountKeyOf(app.authority.environment, `${objectId}.${tenantId}`);
  const seen = await (await app.store()).accounts.read(accountKey, signal);
  return seen && hasSessions(seen.document) ? { accountKey, seen } : undefined;
}

function hasSessions({ sessions, unreadable }: AccountDocument): boolean {
  return unreadable === true || Object.keys(sessions).length > 0;
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
  { accountKey, seen }: HeldAccount,
  verdict: Verdict,
  invocation: Invocation,
): Promise<void> {
  if (verdict.ends === "nothing") return;
  const order = datedBy(verdict, newOrder(app, { origin: "directory", accountKey, reach: "account" }), app);
  const plan = planSignOut(seen.document, order, { settings: settingsOf(app), newerSessions: "spare" });
  // Most changes of an account end nothing, and the log need not tell of them.
  if (applyPlan(plan, seen.document).kind === "none" && !isToBeMarked(app, order, seen.document)) return;
  await carryOut(app, order, invocation, { seen, newerSessions: "spare" });
}

/** Whether a sign-in from before the order may be under way, and nothing says yet that it is to be refused. */
function isToBeMarked({ clock }: App, { requestedAt }: SignOutOrder, { mark }: AccountDocument): boolean {
  if (requestedAt === null || (mark && mark.signedOutAt >= requestedAt)) return false;
  return secondsNeeded({ signedOutAt: requestedAt }, clock.now()) > 0;
}

function datedBy(verdict: Verdict, order: SignOutOrder, app: App): SignOutOrder {
  if (verdict.ends !== "earlier") return order;
  const earlier = new Date(verdict.than + toleranceMs).toISOString();
  const now = latestNow(app);
  return now === null || earlier < now ? datedAs(order, earlier) : order;
}
