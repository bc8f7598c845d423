import { addBeside, endForAdded, type AddedSession } from "../account/fit-session.ts";
import { removeSessions, type AccountDocument } from "../account/document.ts";
import { changeAccount, versionOf, withSessions, type AccountStore } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { conditionOf } from "../core/errors.ts";
import { inTurn, untilSettled, type Attempt } from "../store/contention.ts";
import { LostWriteError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";

/** A session of a sign-in, on its way into its account's document. */
export interface SessionWrite extends AddedSession {
  readonly accountKey: string;
}

type Account = Versioned<AccountDocument>;

/**
 * Adds the session to the account's document, creating the document where there is none. It ends nobody else's yet. Many sign-ins of one account on
 * this instance take turns.
 * @returns the document as it is now, if that is known
 * @throws {LostWriteError} when the document may yet be created
 */
export async function writeSession(
  app: App,
  { accounts }: AccountStore,
  write: SessionWrite,
  seen: Account | undefined,
  signal: AbortSignal,
): Promise<Account | undefined> {
  const { session: limits } = app.configuration;
  const { accountKey } = write;
  const added = (document: AccountDocument) => addBeside(document.sessions, write, limits, app.clock.now());
  const attempt = async (current: Account | undefined): Promise<Attempt<AccountDocument, Account | undefined>> => {
    if (current) {
      const changed = await changeAccount(accounts, current, added, app.timing, signal);
      if (changed.outcome !== "gone") return { outcome: "settled", result: changed.after };
    }
    // Deleted by a sign-out or never there. This sign-in is newer: it may create what a refresh may not.
    const document = withSessions(accountKey, addBeside({}, write, limits, app.clock.now()).sessions, app.timing);
    const created = await accounts.create(document, signal);
    if (created.outcome === "created") return { outcome: "settled", result: versionOf(document, created.etag).after };
    if (created.outcome === "lost") throw new LostWriteError("create in accounts");
    return { outcome: "refused", current: created.outcome === "conflict" ? created.current : undefined };
  };
  const add = async (waited: boolean) =>
    untilSettled(accounts, accountKey, waited ? await accounts.read(accountKey, signal) : seen, attempt, signal);
  return inTurn(accounts, accountKey, add, signal);
}

/**
 * Ends what a complete sign-in ends: the session that its browser had, and what is over the limits. Usually there is nothing.
 * If it fails, the earlier session stays, whose cookie the browser has no more; it ends with its lifetime.
 * @param current the document as the session was written into it, if known
 */
export async function endEarlier(
  app: App,
  { accounts }: AccountStore,
  write: SessionWrite,
  current: Account | undefined,
  { signal, telemetry }: Invocation,
): Promise<void> {
  const { session: limits } = app.configuration;
  const end = (document: AccountDocument) => endForAdded(document, write, limits);
  if (current && end(current.document).kind === "none") return;
  const change = async (waited: boolean) => {
    const newest = current && !waited ? current : await accounts.read(write.accountKey, signal);
    if (newest) await changeAccount(accounts, newest, end, app.timing, signal);
  };
  try {
    await inTurn(accounts, write.accountKey, change, signal);
  } catch (error) {
    telemetry.warn("signin_cleanup_failed", { code: conditionOf(error) });
  }
}

const withdrawTimeoutMs = 1_500;

/**
 * Takes out again a session whose sign-in failed half-way. It has time of its own: the request's may be used up. If this
 * fails too, the session stays sealed with a secret that nobody has, until its TTL.
 */
export async function withdraw(
  app: App,
  write: SessionWrite,
  { accounts }: AccountStore,
  { telemetry }: Invocation,
): Promise<void> {
  const signal = AbortSignal.timeout(withdrawTimeoutMs);
  const remove = (document: AccountDocument) =>
    removeSessions(document, (_, sessionKey) => sessionKey === write.sessionKey);
  try {
    const current = await accounts.read(write.accountKey, signal);
    if (current) await changeAccount(accounts, current, remove, app.timing, signal);
  } catch (error) {
    telemetry.warn("signin_cleanup_failed", { code: conditionOf(error) });
  }
}
