import type { AccountDocument } from "../account/document.ts";
import type { Marked } from "../account/mark.ts";
import { warnOfUnreadable } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { problemCodeOf } from "../core/errors.ts";
import { settled, type Settled } from "../core/waiting.ts";
import type { Versioned } from "../store/point-operations.ts";
import { requestUnitsSoFar } from "../telemetry/activity.ts";
import { leaveToQueue, type SigningOut } from "./defer.ts";
import { endSessions, type Ended, type SignOutResult } from "./end-sessions.ts";
import { markIndex } from "./mark-index.ts";
import type { NewerSessions } from "./named-sessions.ts";
import { datedAs, isForAccount, latestNow, settingsOf, type SignOutOrder } from "./order.ts";
import { planSignOut, type SignOutPlan } from "./plan.ts";
import { tellApp } from "./tell-app.ts";

export interface CarryOutOptions {
  /** The account's document, if it was read a moment ago. */
  readonly seen?: Versioned<AccountDocument>;
  /** Whether the order comes from the queue, some time after it was given. */
  readonly late?: boolean;
  /** What becomes of sessions that began after the order was given. By default a late order spares them. */
  readonly newerSessions?: NewerSessions;
  /** The seal of the named session's refused tokens: it ends only while it has this seal. */
  readonly refusedSeal?: string;
  /** Hash of the `jti` of the logout token that asks for it. */
  readonly jti?: string;
}

/**
 * Carries out an order and returns what has ended. Every sign-out goes through here.
 * @throws {ProblemError} `logout_token_invalid` when the token was used before, and nothing is left for it to end
 */
export async function carryOut(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options?: CarryOutOptions,
): Promise<SignOutResult> {
  const attempt = await attemptSignOut(app, order, invocation, options);
  if ("error" in attempt) throw attempt.error;
  return attempt.value.result;
}

/**
 * Like {@link carryOut}, for an order that has just been given: if the store fails, the order goes into the queue.
 * @throws {SignOutDeferredError} when the store failed: it will be finished later
 * @throws {SignOutFailedError} when the queue failed, too
 */
export async function carryOutOrDefer(
  app: App,
  order: SignOutOrder,
  invocation: SigningOut,
  options?: CarryOutOptions,
): Promise<SignOutResult> {
  const attempt = await attemptSignOut(app, order, invocation, options);
  if (!("error" in attempt)) return attempt.value.result;
  const { error, order: known } = attempt;
  if (problemCodeOf(error) === "logout_token_invalid") throw error;
  throw await leaveToQueue({ ...known, requestedAt: known.requestedAt ?? latestNow(app) }, invocation, error);
}

/**
 * The outcome of an order, and the order with everything that the attempt found out: when it is tried again, the store may no
 * longer tell.
 */
type Attempt = Settled<Ended> & { readonly order: SignOutOrder };

/** Tries to carry out an order, logs the outcome and tells the app. Never rejects. */
async function attemptSignOut(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options: CarryOutOptions = {},
): Promise<Attempt> {
  const begunAt = performance.now();
  // If the caller has read the document, that read is all that the invocation has spent so far, and belongs to the sign-out.
  const spentBefore = options.seen ? 0 : requestUnitsSoFar();
  const attempt = await markAndEnd(app, order, invocation, options);
  const { origin } = order;
  const { late = false } = options;
  const durationMs = Math.round(performance.now() - begunAt);
  const requestUnits = Math.round((requestUnitsSoFar() - spentBefore) * 100) / 100;
  if ("error" in attempt) {
    const failed = { outcome: "failed", code: problemCodeOf(attempt.error) };
    invocation.telemetry.error("signout", { origin, late, ...failed, durationMs, requestUnits });
  } else {
    invocation.telemetry.info("signout", { origin, late, ...attempt.value.result, durationMs, requestUnits });
    await tellApp(app, attempt.order, attempt.value, late, invocation);
  }
  return attempt;
}

/** Marks the index, reads the account and plans, then carries out the plan. Never rejects. */
async function markAndEnd(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options: CarryOutOptions,
): Promise<Attempt> {
  const marked = await settled(markIndex(app, order, options.jti, invocation));
  if ("error" in marked) return { order, ...marked };
  const found = withMarked(order, marked.value);
  if (marked.value.outcome === "failed") return { order: found, error: marked.value.error };

  const read = await settled(readAndPlan(app, found, invocation, options));
  if ("error" in read) return { order: found, ...read };
  const { account, plan } = read.value;
  // If the order is finished later, the named session may be gone. So the order itself says that it is for the account.
  const decided = plan.kind === "account" ? ({ ...found, reach: "account" } as const) : found;

  const isReplay = marked.value.replayOf !== undefined;
  return { order: decided, ...(await settled(endSessions(app, account, plan, isReplay, invocation.signal))) };
}

/** The order with the account that the index leads to. A repeated logout token asks for what its first receipt asked for. */
function withMarked(order: SignOutOrder, marked: Marked): SignOutOrder {
  // A guest's entry knows better than the order, whose key is that of a member with the same id.
  const [first, second] = isForAccount(order) ? [marked, order] : [order, marked];
  const withAccount = { ...order, accountKey: first.accountKey ?? second.accountKey };
  if (marked.outcome === "failed" || !marked.replayOf) return withAccount;
  return datedAs(withAccount, marked.replayOf.signedOutAt, marked.replayOf.signedOutTick);
}

interface Planned {
  readonly account: Versioned<AccountDocument> | undefined;
  readonly plan: SignOutPlan;
}

async function readAndPlan(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  { seen, late = false, newerSessions = late ? "spare" : "end", refusedSeal }: CarryOutOptions,
): Promise<Planned> {
  const account = seen ?? (await readAccount(app, order, invocation));
  if (!account) return { account, plan: { kind: "nothing" } };
  return {
    account,
    plan: planSignOut(account.document, order, { settings: settingsOf(app), newerSessions, refusedSeal }),
  };
}

async function readAccount(
  app: App,
  { accountKey }: SignOutOrder,
  { signal, telemetry }: Invocation,
): Promise<Versioned<AccountDocument> | undefined> {
  if (accountKey === null) return undefined;
  const { accounts } = await app.store();
  const account = await accounts.read(accountKey, signal);
  if (account?.document.unreadable) warnOfUnreadable("account", telemetry);
  return account;
}
