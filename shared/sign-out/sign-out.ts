import { removeSessions, type AccountDocument, type Change, type StoredSession } from "../account/document.ts";
import { sessionKeyOf, sidKeyOf } from "../account/keys.ts";
import { entomb } from "../account/sid-index.ts";
import { changeAccount, type ChangeResult } from "../account/store.ts";
import type { App, Invocation } from "../app.ts";
import { conditionOf } from "../errors.ts";
import type { SessionCookie } from "../session/cookie.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import type { Versioned } from "../store/point-operations.ts";

/** Where a sign-out began. */
export type SignOutOrigin = "app" | "front_channel" | "replaced" | "displaced" | "token_refused";

export interface SignOutResult {
  /** "nothing": there was no such session, or an earlier sign-out had taken it. */
  readonly outcome: "account_deleted" | "sessions_removed" | "nothing";
  readonly sessionsRemoved: number;
}

type NamesSession = (session: StoredSession, sessionKey: string) => boolean;

/**
 * Sign-out that the person asked for in this app. Depending on `SignOut__Scope` it ends the account's sessions or those
 * of this browser. When it returns, the tokens are gone from the store.
 */
export async function signOutHere(app: App, session: ResolvedSession, invocation: Invocation): Promise<SignOutResult> {
  return reported(invocation, "app", async () => {
    const { sid } = session.stored;
    const isNamed: NamesSession = (other, key) => key === session.sessionKey || (sid !== null && other.sid === sid);
    const result = await endSessions(app, session.account, (document) => decide(app, document, isNamed), invocation);
    if (sid !== null) await forgetSid(app, sid, invocation);
    return result;
  });
}

/**
 * Front-channel sign-out (OpenID Connect Front-Channel Logout 1.0): `sid` is all there is, no cookie. The `sid` is
 * marked first, so that a sign-in in flight for it is refused, whatever happens next. A `sid` whose session is no longer
 * in the document changes nothing: an old link cannot sign out a new session.
 */
export async function signOutFrontChannel(app: App, sid: string, invocation: Invocation): Promise<SignOutResult> {
  return reported(invocation, "front_channel", async () => {
    const store = await app.store();
    const sidKey = sidKeyOf(app.authority.url, sid);
    const { accountKey } = await entomb(store.sids, sidKey, invocation.signal);
    const account = accountKey === null ? undefined : await store.accounts.read(accountKey, invocation.signal);
    const isNamed: NamesSession = (session) => session.sid === sidKey;
    return endSessions(app, account, (document) => decide(app, document, isNamed), invocation);
  });
}

/** A new sign-in took this browser over from another account: that account's session in this browser ends. */
export async function endReplacedSession(app: App, previous: SessionCookie, invocation: Invocation): Promise<void> {
  const sessionKey = sessionKeyOf(previous.secret);
  await endNamedSessions(app, "replaced", previous.accountKey, (_, key) => key === sessionKey, invocation);
}

/** The identity provider's session `sidKey` now belongs to another account: what the earlier one had under it ends. */
export async function endDisplacedSessions(
  app: App,
  accountKey: string,
  sidKey: string,
  invocation: Invocation,
): Promise<void> {
  await endNamedSessions(app, "displaced", accountKey, (session) => session.sid === sidKey, invocation);
}

/** The identity provider will renew this session's tokens no more: revoked, expired, or the account is disabled. */
export async function endRefusedSession(app: App, session: ResolvedSession, invocation: Invocation): Promise<void> {
  await endNamedSessions(app, "token_refused", session.accountKey, (_, key) => key === session.sessionKey, invocation);
}

async function endNamedSessions(
  app: App,
  origin: SignOutOrigin,
  accountKey: string,
  isNamed: NamesSession,
  invocation: Invocation,
): Promise<SignOutResult> {
  return reported(invocation, origin, async () => {
    const account = await (await app.store()).accounts.read(accountKey, invocation.signal);
    return endSessions(app, account, (document) => removeSessions(document, isNamed), invocation);
  });
}

/** What a sign-out that names these sessions does to the document, by the configured scope. */
function decide(app: App, document: AccountDocument, isNamed: NamesSession): Change {
  const change = removeSessions(document, isNamed);
  return change.kind === "replace" && app.configuration.signOut.scope === "account" ? { kind: "delete" } : change;
}

async function endSessions(
  app: App,
  account: Versioned<AccountDocument> | undefined,
  decideOn: (document: AccountDocument) => Change,
  { signal }: Invocation,
): Promise<SignOutResult> {
  if (!account) return { outcome: "nothing", sessionsRemoved: 0 };
  const { accounts } = await app.store();
  const result = await changeAccount(accounts, account, decideOn, app.configuration.session, signal);
  return summarize(result, decideOn);
}

function summarize({ outcome, before }: ChangeResult, decideOn: (document: AccountDocument) => Change): SignOutResult {
  if (!before || outcome === "unchanged" || outcome === "gone") return { outcome: "nothing", sessionsRemoved: 0 };
  const change = decideOn(before);
  const left = change.kind === "replace" ? Object.keys(change.sessions).length : 0;
  const sessionsRemoved = Object.keys(before.sessions).length - left;
  return { outcome: outcome === "deleted" ? "account_deleted" : "sessions_removed", sessionsRemoved };
}

/** The tokens are gone already; an index entry that stays leads to nothing and expires by itself. */
async function forgetSid(app: App, sidKey: string, { signal, telemetry }: Invocation): Promise<void> {
  try {
    await (await app.store()).sids.delete(sidKey, undefined, signal);
  } catch (error) {
    telemetry.warn("signout_cleanup_failed", { code: conditionOf(error) });
  }
}

/** Every sign-out tells what became of it, above all when it failed. */
async function reported(
  { telemetry }: Invocation,
  origin: SignOutOrigin,
  signOut: () => Promise<SignOutResult>,
): Promise<SignOutResult> {
  const startedAt = performance.now();
  const durationMs = () => Math.round(performance.now() - startedAt);
  try {
    const result = await signOut();
    telemetry.info("signout", { origin, ...result, durationMs: durationMs() });
    return result;
  } catch (error) {
    telemetry.error("signout", { origin, outcome: "failed", code: conditionOf(error), durationMs: durationMs() });
    throw error;
  }
}
