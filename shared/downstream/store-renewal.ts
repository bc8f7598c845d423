import type { AccountDocument, Change, StoredSession } from "../account/document.ts";
import { changeSession } from "../account/fit-session.ts";
import { seal, unseal } from "../account/seal.ts";
import { changeAccount } from "../account/change-account.ts";
import type { Timing } from "../account/store.ts";
import type { App } from "../app/app.ts";
import { withGrant } from "../identity/token-response.ts";
import type { SessionSecrets } from "../identity/session-secrets.ts";
import { mergeTokenCaches, ofAccountAlone } from "../identity/token-cache.ts";
import { sessionLost } from "../session/ended.ts";
import { latestSession, type ResolvedSession } from "../session/resolve.ts";
import { answeredNow } from "../session/revalidation.ts";
import { usedNow } from "../session/use.ts";
import type { RenewalRequest } from "./token-request.ts";

type Store = Pick<App, "store" | "timing">;

/**
 * Stores the result of a renewal, if the session is still there. If another request has renewed meanwhile, both results are
 * kept: dropping one could lose the refresh token that has replaced the earlier one.
 * @param tokenCache MSAL's cache with the new tokens
 * @param granted the `scope` of the token endpoint's answer
 * @throws {SignInRequiredError} when the session was signed out while the token endpoint answered: the new tokens are
 *   dropped, not used
 */
export async function storeRenewed(
  { store, timing }: Store,
  { session, api, signal, isUse = true }: RenewalRequest,
  tokenCache: string,
  granted: unknown,
): Promise<void> {
  const { sessionKey, secrets } = session;
  const decide = async (document: AccountDocument): Promise<Change> => {
    const stored = document.sessions[sessionKey];
    if (!stored) return { kind: "none" };
    const theirs = stored.sealed === session.stored.sealed ? undefined : await unseal(stored.sealed, session);
    const renewed = withRenewed(secrets, theirs, tokenCache);
    const grants = withGrant((theirs ?? secrets).grants, api.scopes, granted);
    const sealed = await seal({ ...renewed, ...(grants && { grants }) }, session);
    return changeSession(document, sessionKey, (current) => answered({ ...current, sealed }, isUse, timing));
  };
  const { accounts } = await store();
  const { outcome } = await changeAccount(accounts, session.account, decide, timing, signal);
  if (outcome !== "replaced") throw sessionLost();
}

/**
 * Stores that the identity provider has answered for the session, without tokens.
 * @returns the session as the store has it now
 * @throws {SignInRequiredError} when the session was signed out meanwhile
 */
export async function storeAnswer(app: App, request: RenewalRequest): Promise<ResolvedSession> {
  const { session, signal, isUse = true } = request;
  const decide = (document: AccountDocument): Change =>
    changeSession(document, session.sessionKey, (current) => answered(current, isUse, app.timing));
  const { accounts } = await app.store();
  await changeAccount(accounts, session.account, decide, app.timing, signal);
  return latestSession(app, session, request);
}

function answered(stored: StoredSession, isUse: boolean, timing: Timing): StoredSession {
  const now = answeredNow(stored, timing);
  return isUse ? usedNow(now, timing) : now;
}

/** @param theirs the secrets that another request has stored since `secrets` were read, if one has */
function withRenewed(secrets: SessionSecrets, theirs: SessionSecrets | undefined, tokenCache: string): SessionSecrets {
  const { grants: _replaced, ...kept } = secrets;
  const merged = theirs ? mergeTokenCaches(secrets.tokenCache, theirs.tokenCache, tokenCache) : tokenCache;
  return { ...kept, tokenCache: ofAccountAlone(merged, secrets.claims.homeAccountId) };
}

/**
 * Stores the cache as a refused renewal has left it, unless another request has stored something newer meanwhile.
 * @throws {SignInRequiredError} when the session was signed out meanwhile
 */
export async function storeIfUnchanged(
  { store, timing }: Store,
  { session, signal }: RenewalRequest,
  tokenCache: string,
): Promise<void> {
  const { sessionKey, stored } = session;
  const sealed = await seal({ ...session.secrets, tokenCache }, session);
  const decide = (document: AccountDocument): Change =>
    document.sessions[sessionKey]?.sealed === stored.sealed
      ? changeSession(document, sessionKey, (current) => usedNow({ ...current, sealed }, timing))
      : { kind: "none" };
  const { accounts } = await store();
  const { before } = await changeAccount(accounts, session.account, decide, timing, signal);
  if (!before || !Object.hasOwn(before.sessions, sessionKey)) throw sessionLost();
}
