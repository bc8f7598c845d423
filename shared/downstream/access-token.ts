import { setTimeout as sleep } from "node:timers/promises";
import type { App, Invocation } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { NoAnswerInTimeError } from "../core/deadline.ts";
import { SignInRequiredError } from "../core/errors.ts";
import { IdentityProviderUnavailableError, appRefused } from "../identity/errors.ts";
import { withoutEarlyRenewal } from "../identity/token-cache.ts";
import { sessionEnded, sessionLost } from "../session/ended.ts";
import { requireSession, resolveSession, type ResolvedSession } from "../session/resolve.ts";
import { endMistakenSession, endRefusedSession } from "../sign-out/by-app.ts";
import { freshAccessToken } from "./cached-token.ts";
import { grantedInstead, missingScopes } from "../identity/granted-scopes.ts";
import { warnOfMissingScopes } from "./missing-scopes.ts";
import { personNeeded } from "./person-needed.ts";
import { classify, ForeignTokensError, RefusedError } from "./refused.ts";
import { storeIfUnchanged, storeTokenCache } from "./store-renewal.ts";

export interface AcquiredToken {
  readonly accessToken: string;
  /** Whether the document was written, and the session's idle lifetime extended with it. */
  readonly stored: boolean;
}

/**
 * An access token for `api`: from the session's cache, or renewed with its refresh token and then stored, so that it is
 * used only if the session is still there after the token endpoint has answered.
 * @param claims of a claims challenge, as JSON: then it is renewed in any case. A resource's claims are in its tokens only
 *   when they are asked for, also those that the person's sign-in has met
 * @throws {SignInRequiredError} when the session is gone or the identity provider asks for the person
 * @throws {ConditionError} `identity_provider_unavailable` or `app_refused`
 */
export async function acquireToken(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  invocation: Invocation,
  claims?: string,
): Promise<AcquiredToken> {
  const { clientId } = app.configuration.azureAd;
  if (claims === undefined) {
    const now = app.clock.now();
    const instead = grantedInstead(session.secrets, api.scopes);
    const accessToken =
      freshAccessToken(session.secrets, clientId, api.scopes, now) ??
      (instead && freshAccessToken(session.secrets, clientId, instead, now, false));
    if (accessToken !== undefined) return { accessToken, stored: false };
  }
  const began = performance.now();
  const key = [session.accountKey, session.sessionKey, api.name, session.account.etag, claims].join(" ");
  try {
    return await app.renewals.share(key, invocation.signal, (signal) =>
      acquireAndStore(app, session, api, { ...invocation, signal }, claims),
    );
  } catch (error) {
    if (error instanceof NoAnswerInTimeError) throw new IdentityProviderUnavailableError(error);
    if (error instanceof ForeignTokensError) throw await afterForeignTokens(app, session, api, error, invocation);
    if (!(error instanceof RefusedError)) throw error;
    return afterRefusal(app, session, api, claims, error, began, invocation);
  }
}

/**
 * The same after `api` has answered with a claims challenge. Often that asks for no more than a newer token, or for what the
 * sign-in has met; if it takes the person, the token endpoint says so.
 * @param claims of the challenge, as JSON
 * @throws as {@link acquireToken}; {@link SignInRequiredError} with the claims to sign in with
 */
export async function meetChallenge(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  claims: string,
  invocation: Invocation,
): Promise<AcquiredToken> {
  // The call may have taken a while: tokens renewed meanwhile are to be kept, and a session that has ended gets none.
  return acquireToken(app, await latestOf(app, session, invocation), api, invocation, claims);
}

async function acquireAndStore(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  invocation: Invocation,
  claims: string | undefined,
): Promise<AcquiredToken> {
  const { msal, network, serialize } = await app.authority.client(invocation.signal, session.secrets);
  const cache = msal.getTokenCache();
  const account = await cache.getAccountByHomeId(session.secrets.claims.homeAccountId);
  if (!account) throw sessionEnded();
  const request = { account, scopes: [...api.scopes], ...(claims !== undefined && { claims }) };
  const result = await msal.acquireTokenSilent(request).catch((error: unknown) => {
    throw network.isForeign ? new ForeignTokensError() : (network.failure ?? classify(error, claims));
  });
  // A renewal ahead of time fails without a word of MSAL's.
  if (network.isForeign) throw new ForeignTokensError();
  const accessToken = result?.accessToken;
  if (!accessToken) throw appRefused(new Error("The token endpoint issued no access token"));
  // MSAL's own signs (`fromCache`, `cacheHasChanged`) miss renewals; a request to the token endpoint never lies.
  // A renewal that MSAL tried ahead of time and that failed is none.
  if (network.tokenRequests === 0 || network.failure) return { accessToken, stored: false };
  if (network.tokensIssued) {
    const granted = network.issued?.["scope"];
    await storeTokenCache(app, session, { tokenCache: serialize(), asked: api.scopes, granted }, invocation);
    warnOfMissingScopes(app, api, missingScopes(api.scopes, granted), invocation.telemetry);
    invocation.telemetry.info("token_renewed", { api: api.name, challenged: claims !== undefined });
  } else {
    // One that was refused would be tried with every call from now on. What it means shows when the token has expired.
    await storeIfUnchanged(app, session, withoutEarlyRenewal(serialize()), invocation);
    invocation.telemetry.warn("token_refused", { api: api.name, final: false });
  }
  return { accessToken, stored: true };
}

/**
 * How long a refusal may be out of date, in milliseconds between looks: where refresh tokens rotate, another instance
 * has used ours and is about to store its successor. Its write may take some attempts. Entra does not rotate them so, and
 * says why it refuses.
 */
const secondLooksMs = [0, 200, 500, 800, 1_000, 1_500, 2_000];

/**
 * From the beginning of the request for a token, in milliseconds, the identity provider's time included. What is left of the
 * request's own time then serves to end the session and to answer.
 */
const lookForMs = 6_000;

/** Only if the store comes to hold nothing newer does a refusal count. */
async function afterRefusal(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  claims: string | undefined,
  refusal: RefusedError,
  began: number,
  invocation: Invocation,
): Promise<AcquiredToken> {
  for (const waitMs of refusal.final && !refusal.isCertain ? secondLooksMs : [0]) {
    if (waitMs > 0 && performance.now() - began + waitMs > lookForMs) break;
    await sleep(waitMs, undefined, { signal: invocation.signal }).catch(() => {
      // The store has not failed: it is the refusal that came too late to be sure of it.
      throw new IdentityProviderUnavailableError(refusal);
    });
    const latest = await latestOf(app, session, invocation, refusal);
    if (latest.stored.sealed !== session.stored.sealed) return acquireToken(app, latest, api, invocation, claims);
  }
  invocation.telemetry.warn("token_refused", { api: api.name, final: refusal.final });
  if (refusal.final) {
    const { outcome } = await endRefusedSession(app, session, invocation);
    if (outcome === "nothing") {
      const latest = await requireSession(app, session, invocation, refusal);
      return acquireToken(app, latest, api, invocation, claims);
    }
  }
  if (!refusal.final) throw personNeeded(app, session, api, refusal);
  const detail = "The identity provider asks you to sign in again.";
  throw new SignInRequiredError(detail, { sessionEnded: true, cause: refusal });
}

/** Nothing of the answer was used or stored. With what refresh token it came is as unclear as whose it is. */
async function afterForeignTokens(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  cause: ForeignTokensError,
  invocation: Invocation,
): Promise<SignInRequiredError> {
  invocation.telemetry.error("token_of_other_account", { api: api.name });
  await endMistakenSession(app, session, invocation);
  return sessionEnded(cause);
}

async function latestOf(
  app: App,
  session: ResolvedSession,
  invocation: Invocation,
  cause?: unknown,
): Promise<ResolvedSession> {
  const latest = await resolveSession(app, session, invocation);
  if (!latest) throw sessionLost(cause);
  return latest;
}
