import type { AccountDocument } from "../account/document.ts";
import { changeAccount, type ChangeResult } from "../account/change-account.ts";
import type { App } from "../app/app.ts";
import { ProblemError } from "../core/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { applyPlan, type SignOutPlan } from "./plan.ts";

export interface SignOutResult {
  /** "nothing": there was no such session, or an earlier sign-out had ended it. */
  readonly outcome: "account_deleted" | "sessions_removed" | "nothing";
  readonly sessionsRemoved: number;
}

/** The result, and what only the app's own code learns. */
export interface Ended {
  readonly result: SignOutResult;
  /** Keys of the sessions that this has ended. */
  readonly sessions: readonly string[];
  /** Whether the account has no session any more. */
  readonly isLast: boolean;
}

/**
 * Carries out a plan on the account's document and, after a conflict, on what the others have left of it.
 * @param account undefined if there is no such account
 * @param isReplay whether the order comes from a logout token that was used before
 * @throws {ProblemError} `logout_token_invalid` when a repeated token finds nothing to end
 */
export async function endSessions(
  app: App,
  account: Versioned<AccountDocument> | undefined,
  plan: SignOutPlan,
  isReplay: boolean,
  signal: AbortSignal,
): Promise<Ended> {
  const ended = account ? await applyTo(app, account, plan, signal) : nothingLeft;
  if (isReplay && ended.result.outcome === "nothing") {
    throw new ProblemError("logout_token_invalid", "The token is not valid: jti.");
  }
  return ended;
}

async function applyTo(
  app: App,
  account: Versioned<AccountDocument>,
  plan: SignOutPlan,
  signal: AbortSignal,
): Promise<Ended> {
  const { accounts } = await app.store();
  const apply = (document: AccountDocument) => applyPlan(plan, document);
  return endedBy(await changeAccount(accounts, account, apply, app.timing, signal));
}

function endedBy({ outcome, before, change }: ChangeResult): Ended {
  if (!before || outcome === "gone") return nothingLeft;
  if (outcome === "unchanged") return { ...nothingLeft, isLast: Object.keys(before.sessions).length === 0 };
  const left = change?.kind === "replace" ? change.sessions : {};
  const sessions = Object.keys(before.sessions).filter((key) => !Object.hasOwn(left, key));
  const isLast = outcome === "deleted";
  const result = {
    outcome: isLast ? "account_deleted" : "sessions_removed",
    sessionsRemoved: sessions.length,
  } as const;
  return { result, sessions, isLast };
}

const nothingLeft: Ended = { result: { outcome: "nothing", sessionsRemoved: 0 }, sessions: [], isLast: true };
