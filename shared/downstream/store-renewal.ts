import { seal, unseal } from "../account/seal.ts";
import { changeSession } from "../account/fit-session.ts";
import type { AccountDocument, Change } from "../account/document.ts";
import { changeAccount } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { mergeTokenCaches, ofAccountAlone } from "../identity/token-cache.ts";
import { sessionLost } from "../session/ended.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { usedNow } from "../session/use.ts";
import { withGrant } from "../identity/granted-scopes.ts";

/**
 * Stores what a renewal brought, if the session is still there. When another request has renewed meanwhile, both
 * results are kept: losing one could lose a refresh token that replaced the earlier one.
 * @throws {SignInRequiredError} when the session was signed out while the token endpoint answered: the new tokens are
 *   dropped, not used
 */
export async function storeTokenCache(
  app: App,
  session: ResolvedSession,
  renewed: { readonly tokenCache: string; readonly asked: readonly string[]; readonly granted: unknown },
  { signal }: Invocation,
): Promise<void> {
  const { sessionKey } = session;
  const { tokenCache, asked, granted } = renewed;
  const { claims } = session.secrets;
  const decide = async (document: AccountDocument): Promise<Change> => {
    const stored = document.sessions[sessionKey];
    if (!stored) return { kind: "none" };
    const theirs = stored.sealed === session.stored.sealed ? undefined : await unseal(stored.sealed, session);
    const merged = theirs ? mergeTokenCaches(session.secrets.tokenCache, theirs.tokenCache, tokenCache) : tokenCache;
    const grants = withGrant((theirs ?? session.secrets).grants, asked, granted);
    const { grants: _replaced, ...kept } = session.secrets;
    const secrets = { ...kept, tokenCache: ofAccountAlone(merged, claims.homeAccountId) };
    const sealed = await seal({ ...secrets, ...(grants && { grants }) }, session);
    return changeSession(document, sessionKey, (current) => usedNow({ ...current, sealed }, app.timing));
  };
  const { accounts } = await app.store();
  const { outcome } = await changeAccount(accounts, session.account, decide, app.timing, signal);
  if (outcome !== "replaced") throw sessionLost();
}

/** Stores what a refused renewal left of the cache, unless another request has stored something newer meanwhile. */
export async function storeIfUnchanged(
  app: App,
  session: ResolvedSession,
  tokenCache: string,
  { signal }: Invocation,
): Promise<void> {
  const { sessionKey, stored } = session;
  const sealed = await seal({ ...session.secrets, tokenCache }, session);
  const decide = (document: AccountDocument): Change =>
    document.sessions[sessionKey]?.sealed === stored.sealed
      ? changeSession(document, sessionKey, (current) => usedNow({ ...current, sealed }, app.timing))
      : { kind: "none" };
  const { accounts } = await app.store();
  const { before } = await changeAccount(accounts, session.account, decide, app.timing, signal);
  if (!before || !Object.hasOwn(before.sessions, sessionKey)) throw sessionLost();
}
