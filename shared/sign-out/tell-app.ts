import type { App, Invocation } from "../app/app.ts";
import { runHook } from "../app/run-hook.ts";
import type { Ended } from "./end-sessions.ts";
import type { SignOutOrder } from "./order.ts";

/**
 * Tells the app's own code which sessions have ended. A late order may find nothing because an earlier attempt, whose answer was
 * lost, has ended them: then nobody has been told yet. But an order with an unproven cookie may be about anybody.
 */
export async function tellApp(
  { hooks: { onSignedOut } }: App,
  { accountKey, origin, unproven }: SignOutOrder,
  { result, sessions, isLast }: Ended,
  late: boolean,
  invocation: Invocation,
): Promise<void> {
  if (!onSignedOut || accountKey === null || (result.outcome === "nothing" && (!late || unproven))) return;
  await runHook("onSignedOut", onSignedOut, { account: accountKey, sessions, isLast, origin }, invocation);
}
