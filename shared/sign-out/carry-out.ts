import type { AccountDocument } from "../account/document.ts";
import type { Marked, Moment } from "../account/sid-index.ts";
import { changeAccount, warnIfUnreadable, type ChangeResult } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { ConditionError, conditionOf } from "../core/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { requestUnitsSoFar } from "../telemetry/activity.ts";
import { deferred, type SigningOut } from "./defer.ts";
import { markIndex } from "./mark-index.ts";
import type { BegunSince } from "./named-sessions.ts";
import { settingsOf, timeNow, type SignOutOrder } from "./order.ts";
import { applyPlan, planSignOut, type SignOutPlan } from "./plan.ts";

export interface SignOutResult {
  /** "nothing": there was no such session, or an earlier sign-out had taken it. */
  readonly outcome: "account_deleted" | "sessions_removed" | "nothing";
  readonly sessionsRemoved: number;
}

export interface CarryOutOptions {
  /** The account's document, if it was read a moment ago. */
  readonly seen?: Versioned<AccountDocument>;
  /** Whether the order comes from the queue, some time after it was given. */
  readonly late?: boolean;
  /** What becomes of sessions that began after the order was given. By default a late order spares them. */
  readonly begunSince?: BegunSince;
  /** The seal of the named session's refused tokens: it ends only while it has this seal. */
  readonly refusedSeal?: string;
  /** Hash of the `jti` of the logout token that asks for it. */
  readonly jti?: string;
}

/**
 * Does what an order says and tells what became of it. Every sign-out goes through here.
 * @throws {ConditionError} `logout_token_invalid` when the token was used before, and nothing of what it asks for is left
 */
export async function carryOut(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options?: CarryOutOptions,
): Promise<SignOutResult> {
  const attempt = await attemptSignOut(app, order, invocation, options);
  if (attempt.outcome === "failed") throw attempt.error;
  return attempt.result;
}

/**
 * Like {@link carryOut}, for a sign-out that is being asked for: what the store does not take is left to the queue.
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
  if (attempt.outcome === "done") return attempt.result;
  const { error, known } = attempt;
  if (conditionOf(error) === "logout_token_invalid") throw error;
  throw await deferred({ ...known, requestedAt: known.requestedAt ?? timeNow(app) }, invocation, error);
}

type Attempt =
  | { readonly outcome: "done"; readonly result: SignOutResult }
  /** `known`: the order with all that was found out before the failure. */
  | { readonly outcome: "failed"; readonly error: unknown; readonly known: SignOutOrder };

/** Marks the index, reads the account, plans, and carries out the plan. Logs the outcome. Never rejects. */
async function attemptSignOut(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options: CarryOutOptions = {},
): Promise<Attempt> {
  const cost = costMeter(options.seen !== undefined);
  const { origin } = order;
  const { late = false, begunSince = late ? "spare" : "end", refusedSeal, jti } = options;
  // When a failed order is finished later, the index entry and the named session may be gone.
  let known = order;
  try {
    const marked = await markIndex(app, order, jti, invocation);
    known = withMarked(order, marked);
    if (marked.outcome === "failed") throw marked.error;
    const account = options.seen ?? (await readAccount(app, known, invocation));
    let result = nothingEnded;
    if (account) {
      const plan = planSignOut(account.document, known, { settings: settingsOf(app), begunSince, refusedSeal });
      if (plan.kind === "account") known = { ...known, reach: "account" };
      result = await endSessions(app, account, plan, invocation.signal);
    }
    if (marked.replayOf && result.outcome === "nothing") throw replayed();
    invocation.telemetry.info("signout", { origin, late, ...result, ...cost() });
    return { outcome: "done", result };
  } catch (error) {
    invocation.telemetry.error("signout", { origin, late, outcome: "failed", code: conditionOf(error), ...cost() });
    return { outcome: "failed", error, known };
  }
}

/** The order with the account that the index leads to. A repeated logout token asks for what its first receipt asked for. */
function withMarked(order: SignOutOrder, marked: Marked): SignOutOrder {
  const located = { ...order, accountKey: order.accountKey ?? marked.accountKey };
  return marked.outcome === "marked" && marked.replayOf ? datedAs(located, marked.replayOf) : located;
}

function datedAs(order: SignOutOrder, { signedOutAt, signedOutTick }: Moment): SignOutOrder {
  const { requestedTick: _, ...undated } = order;
  return { ...undated, requestedAt: signedOutAt, ...(signedOutTick && { requestedTick: signedOutTick }) };
}

async function readAccount(
  app: App,
  { accountKey }: SignOutOrder,
  { signal, telemetry }: Invocation,
): Promise<Versioned<AccountDocument> | undefined> {
  if (accountKey === null) return undefined;
  const { accounts } = await app.store();
  const account = await accounts.read(accountKey, signal);
  warnIfUnreadable(account?.document, telemetry);
  return account;
}

function replayed(): ConditionError {
  return new ConditionError("logout_token_invalid", "The token is not valid: jti.");
}

/** Carries out a plan on the account's document, and after a conflict on what the others have left of it. */
async function endSessions(
  app: App,
  account: Versioned<AccountDocument>,
  plan: SignOutPlan,
  signal: AbortSignal,
): Promise<SignOutResult> {
  const { accounts } = await app.store();
  const apply = (document: AccountDocument) => applyPlan(plan, document);
  return resultOf(await changeAccount(accounts, account, apply, app.timing, signal));
}

function resultOf({ outcome, before, change }: ChangeResult): SignOutResult {
  if (!before || outcome === "unchanged" || outcome === "gone") return nothingEnded;
  const left = change?.kind === "replace" ? Object.keys(change.sessions).length : 0;
  const sessionsRemoved = Object.keys(before.sessions).length - left;
  return { outcome: outcome === "deleted" ? "account_deleted" : "sessions_removed", sessionsRemoved };
}

const nothingEnded: SignOutResult = { outcome: "nothing", sessionsRemoved: 0 };

interface Cost {
  readonly durationMs: number;
  /** Of every operation made for the sign-out. */
  readonly requestUnits: number;
}

/**
 * Starts to measure what a sign-out costs.
 * @param isRead whether the account's document was read before: then the invocation has done nothing else so far
 */
function costMeter(isRead: boolean): () => Cost {
  const startedAt = performance.now();
  const spentBefore = isRead ? 0 : requestUnitsSoFar();
  return () => ({
    durationMs: Math.round(performance.now() - startedAt),
    requestUnits: Math.round((requestUnitsSoFar() - spentBefore) * 100) / 100,
  });
}
