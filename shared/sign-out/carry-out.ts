import type { AccountDocument, Change } from "../account/document.ts";
import { entomb, type Mark, type Marked } from "../account/sid-index.ts";
import { changeAccount, warnIfUnreadable, type ChangeResult } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import type { SigningOut } from "./signing-out.ts";
import { ConditionError, conditionOf } from "../core/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { requestUnitsSoFar } from "../telemetry/activity.ts";
import { deferred } from "./defer.ts";
import { decideSignOut, namesSessionOf, reachesAccount } from "./decide.ts";
import { isOfProvider, type OrderSettings, type SignOutOrder } from "./order.ts";

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
  /** Whether sessions begun after the order was given are spared; always so when it is late. */
  readonly spareNewer?: boolean;
  /** Asked of the document as it is when it is changed. */
  readonly onlyIf?: (document: AccountDocument) => boolean;
  /** Hash of the `jti` of the logout token that asks for it. */
  readonly jti?: string;
  /** Told which account it is about, as soon as that is known. */
  readonly located?: (accountKey: string) => void;
  /** Told when a session that the order names is there. */
  readonly found?: () => void;
}

/**
 * Does what an order says and tells what became of it. Every sign-out goes through here.
 * @throws {ConditionError} `logout_token_invalid` when the token was used before, and nothing of what it asks for is left
 */
export async function carryOut(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options: CarryOutOptions = {},
): Promise<SignOutResult> {
  const cost = costMeter(options.seen !== undefined);
  const { origin } = order;
  const { late = false } = options;
  try {
    const result = await endWhatIsMeant(app, order, invocation, options);
    invocation.telemetry.info("signout", { origin, late, ...result, ...cost() });
    return result;
  } catch (error) {
    const code = conditionOf(error);
    invocation.telemetry.error("signout", { origin, late, outcome: "failed", code, ...cost() });
    throw error;
  }
}

/** The same for a sign-out that is being asked for: what the store does not take is left to the queue. */
export async function carryOutOrDefer(
  app: App,
  order: SignOutOrder,
  invocation: SigningOut,
  options?: CarryOutOptions,
): Promise<SignOutResult> {
  let { accountKey, reach } = order;
  const located = (key: string) => (accountKey = key);
  const found = () => (reach = reachesAccount(order, order.settings ?? settingsOf(app)) ? "account" : reach);
  try {
    return await carryOut(app, order, invocation, { ...options, located, found });
  } catch (error) {
    if (conditionOf(error) === "logout_token_invalid") throw error;
    // With what is known by now: the index entry, and the session that was named, may be gone when the order is finished.
    const requestedAt = order.requestedAt ?? timeNow(app);
    throw await deferred({ ...order, accountKey, reach, requestedAt }, invocation, error);
  }
}

/** The settings that an order is given under. */
export function settingsOf({ configuration }: App): OrderSettings {
  const { signOut, session } = configuration;
  return { scope: signOut.scope, idleTimeoutMinutes: session.idleTimeoutMinutes };
}

/** The latest that it can be now by the store's clock, ISO 8601, UTC; null if that is not known. */
export function timeNow({ clock }: App): string | null {
  const bounds = clock.bounds();
  return bounds ? new Date(bounds.latest).toISOString() : null;
}

async function endWhatIsMeant(
  app: App,
  order: SignOutOrder,
  invocation: Invocation,
  options: CarryOutOptions,
): Promise<SignOutResult> {
  const { late = false, spareNewer = late, onlyIf = () => true } = options;
  const { account, replayOf } = options.seen
    ? { account: options.seen, replayOf: undefined }
    : await findAccount(app, order, options, invocation);
  // A logout token that comes again ends what its first receipt should have ended, and no more.
  const meant = replayOf ? datedAs(order, replayOf) : order;
  const first = account?.document;
  warnIfUnreadable(first, invocation.telemetry);
  if (first && namesSessionOf(first, meant, spareNewer)) options.found?.();
  const decide = (document: AccountDocument) =>
    onlyIf(document) ? decideSignOut(document, meant, settingsOf(app), spareNewer, first) : noChange;
  const result = await endSessions(app, account, decide, invocation);
  if (replayOf !== undefined && result.outcome === "nothing") throw replayed();
  return result;
}

function datedAs(order: SignOutOrder, { signedOutAt, signedOutTick }: Marked["replayOf"] & object): SignOutOrder {
  const { requestedTick: _, ...undated } = order;
  return { ...undated, requestedAt: signedOutAt, ...(signedOutTick && { requestedTick: signedOutTick }) };
}

function replayed(): ConditionError {
  return new ConditionError("logout_token_invalid", "The token is not valid: jti.");
}

interface Found {
  readonly account: Versioned<AccountDocument> | undefined;
  /** When the logout token was received before: that time. */
  readonly replayOf: Marked["replayOf"];
}

/**
 * The account that an order names, or that its `sid` or subject leads to. The index is marked first, also when the order is
 * late or the account is known: a sign-in that had begun by then may be in the callback still.
 */
async function findAccount(
  app: App,
  order: SignOutOrder,
  { jti, located = () => undefined }: CarryOutOptions,
  { signal, telemetry }: Invocation,
): Promise<Found> {
  const { accounts, sids } = await app.store();
  const id = isOfProvider(order) ? (order.sidKey ?? order.subjectKey) : null;
  const marked =
    id === null ? undefined : await entomb(sids, { id, ...(await markOf(app, order)), jti, located }, signal);
  warnIfUnreadable(marked, telemetry, "sid");
  const key = order.accountKey ?? marked?.accountKey ?? null;
  if (key !== null) located(key);
  return { account: key === null ? undefined : await accounts.read(key, signal), replayOf: marked?.replayOf };
}

/** An order may be of an instance that went by its own clock; no mark is for sign-ins that have not begun yet. */
async function markOf(
  app: App,
  { requestedAt, requestedTick }: SignOutOrder,
): Promise<Pick<Mark, "signedOutAt" | "signedOutTick">> {
  await app.learnTime();
  const now = timeNow(app) ?? new Date(app.clock.now()).toISOString();
  return { signedOutAt: requestedAt !== null && requestedAt < now ? requestedAt : now, signedOutTick: requestedTick };
}

async function endSessions(
  app: App,
  account: Versioned<AccountDocument> | undefined,
  decide: (document: AccountDocument) => Change,
  { signal }: Invocation,
): Promise<SignOutResult> {
  if (!account) return { outcome: "nothing", sessionsRemoved: 0 };
  const { accounts } = await app.store();
  return summarize(await changeAccount(accounts, account, decide, app.timing, signal));
}

function summarize({ outcome, before, change }: ChangeResult): SignOutResult {
  if (!before || outcome === "unchanged" || outcome === "gone") return { outcome: "nothing", sessionsRemoved: 0 };
  const left = change?.kind === "replace" ? Object.keys(change.sessions).length : 0;
  const sessionsRemoved = Object.keys(before.sessions).length - left;
  return { outcome: outcome === "deleted" ? "account_deleted" : "sessions_removed", sessionsRemoved };
}

const noChange: Change = { kind: "none" };

/**
 * What a sign-out takes: time, and request units of every operation made for it.
 * @param wasRead whether the account's document was read before: then that is all the invocation has done so far
 */
function costMeter(wasRead: boolean): () => { durationMs: number; requestUnits: number } {
  const startedAt = performance.now();
  const spentBefore = wasRead ? 0 : requestUnitsSoFar();
  return () => ({
    durationMs: Math.round(performance.now() - startedAt),
    requestUnits: Math.round((requestUnitsSoFar() - spentBefore) * 100) / 100,
  });
}
