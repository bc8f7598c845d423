import type { AccountDocument } from "../account/document.ts";
import { changeAccount, type ChangeResult } from "../account/store.ts";
import type { App } from "../app/app.ts";
import { ProblemError } from "../core/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { applyPlan, type SignOutPlan } from "./plan.ts";

export interface SignOutResult {
  /** "nothing": there was no such session, or an earlier sign-out had ended it. */
  readonly outcome: "account_deleted" | "sessions_removed" | "nothing";
  readonly sessionsRemoved: number;
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
): Promise<SignOutResult> {
  const result = account ? await applyTo(app, account, plan, signal) : nothingEnded;
  if (isReplay && result.outcome === "nothing") {
    throw new ProblemError("logout_token_invalid", "The token is not valid: jti.");
  }
  return result;
}

async function applyTo(
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
