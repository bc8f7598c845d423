import { setTimeout as sleep } from "node:timers/promises";
import { AuthError, InteractionRequiredAuthError } from "@azure/msal-node";
import { seal, unseal } from "../account/seal.ts";
import { changeSession, type AccountDocument, type Change } from "../account/document.ts";
import { changeAccount } from "../account/store.ts";
import type { App, Invocation } from "../app.ts";
import type { DownstreamApiConfiguration } from "../config.ts";
import { NoAnswerInTimeError } from "../deadline.ts";
import { ConditionError, SignInRequiredError } from "../errors.ts";
import { IdentityProviderUnavailableError } from "../identity/metadata.ts";
import { appRefused } from "../identity/refusal.ts";
import { mergeTokenCaches, withoutEarlyRenewal } from "../identity/token-cache.ts";
import { requireSession, resolveSession, sessionEnded, sessionLost, type ResolvedSession } from "../session/resolve.ts";
import { freshAccessToken } from "./cached-token.ts";
import { endRefusedSession } from "../sign-out/sign-out.ts";

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
    const accessToken = freshAccessToken(session.secrets, clientId, api.scopes, Date.now());
    if (accessToken !== undefined) return { accessToken, stored: false };
  }
  const key = [session.accountKey, session.sessionKey, api.name, session.account.etag, claims].join(" ");
  try {
    return await app.renewals.share(key, invocation.signal, (signal) =>
      acquireAndStore(app, session, api, { ...invocation, signal }, claims),
    );
  } catch (error) {
    if (error instanceof NoAnswerInTimeError) throw new IdentityProviderUnavailableError(error);
    if (!(error instanceof RefusedError)) throw error;
    return afterRefusal(app, session, api, claims, error, invocation);
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

/** The token endpoint wants the person, not the refresh token. */
class RefusedError extends Error {
  readonly claims: string | undefined;
  /** Whether the refresh token is done with, rather than one resource or one claim asking for more. */
  readonly final: boolean;
  /** Whether it is so whatever another instance may be about to store. */
  readonly isCertain: boolean;

  /** @param asked the claims of the request: not to have them for nothing says little about the refresh token */
  constructor(cause: AuthError, asked: string | undefined) {
    super("The token endpoint refused the renewal", { cause });
    const wanted = cause instanceof InteractionRequiredAuthError && cause.claims ? cause.claims : undefined;
    this.claims = wanted ?? asked;
    // MSAL's classes of these errors have it, the one that they share has not.
    this.isCertain = aboutThePerson.has(String((cause as { errorNo?: unknown }).errorNo));
    this.final = wanted === undefined && !needsMoreOfThePerson(cause) && (asked === undefined || this.isCertain);
  }
}

/**
 * Entra's numbers for refusals that no newer refresh token of the session would escape: no such account, disabled, revoked
 * or password changed, expired.
 */
const aboutThePerson = new Set(["50034", "50057", "50173", "70008", "700082", "700084"]);

/** Errors and suberrors about the resource that is asked for, such as a Conditional Access policy of that API alone. */
const wantsMore = new Set([
  "consent_required",
  "interaction_required",
  "basic_action",
  "additional_action",
  "message_only",
]);

function needsMoreOfThePerson(error: AuthError): boolean {
  return wantsMore.has(error.subError) || wantsMore.has(error.errorCode);
}

async function acquireAndStore(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  invocation: Invocation,
  claims: string | undefined,
): Promise<AcquiredToken> {
  const { msal, network } = await app.authority.client(invocation.signal, session.secrets.tokenCache);
  const cache = msal.getTokenCache();
  const account = await cache.getAccountByHomeId(session.secrets.claims.homeAccountId);
  if (!account) throw sessionEnded();
  const request = { account, scopes: [...api.scopes], ...(claims !== undefined && { claims }) };
  const result = await msal.acquireTokenSilent(request).catch((error: unknown) => {
    throw network.failure ?? classify(error, claims);
  });
  const accessToken = result?.accessToken;
  if (!accessToken) throw appRefused(new Error("The token endpoint issued no access token"));
  // MSAL's own signs (`fromCache`, `cacheHasChanged`) miss renewals; a request to the token endpoint never lies.
  // A renewal that MSAL tried ahead of time and that failed is none.
  if (network.tokenRequests === 0 || network.failure) return { accessToken, stored: false };
  if (network.tokensIssued) {
    await storeTokenCache(app, session, cache.serialize(), invocation);
    invocation.telemetry.info("token_renewed", { api: api.name, challenged: claims !== undefined });
  } else {
    // One that was refused would be tried with every call from now on. What it means shows when the token has expired.
    await storeIfUnchanged(app, session, withoutEarlyRenewal(cache.serialize()), invocation);
    invocation.telemetry.warn("token_refused", { api: api.name, final: false });
  }
  return { accessToken, stored: true };
}

function classify(error: unknown, claims: string | undefined): unknown {
  if (error instanceof ConditionError) return error;
  if (!(error instanceof AuthError)) return appRefused(error);
  const refused = error instanceof InteractionRequiredAuthError || error.errorCode === "invalid_grant";
  return refused ? new RefusedError(error, claims) : appRefused(error);
}

/**
 * Stores what a renewal brought, if the session is still there. When another request has renewed meanwhile, both
 * results are kept: losing one could lose a refresh token that replaced the earlier one.
 * @throws {SignInRequiredError} when the session was signed out while the token endpoint answered: the new tokens are
 *   dropped, not used
 */
async function storeTokenCache(
  app: App,
  session: ResolvedSession,
  tokenCache: string,
  { signal }: Invocation,
): Promise<void> {
  const { sessionKey } = session;
  const { claims } = session.secrets;
  const decide = async (document: AccountDocument): Promise<Change> => {
    const stored = document.sessions[sessionKey];
    if (!stored) return { kind: "none" };
    const theirs = stored.sealed === session.stored.sealed ? undefined : await unseal(stored.sealed, session);
    const merged = theirs ? mergeTokenCaches(session.secrets.tokenCache, theirs.tokenCache, tokenCache) : tokenCache;
    const sealed = await seal({ claims, tokenCache: merged }, session);
    const lastSeenAt = new Date().toISOString();
    return changeSession(document, sessionKey, (current) => ({ ...current, sealed, lastSeenAt }));
  };
  const { accounts } = await app.store();
  const { outcome } = await changeAccount(accounts, session.account, decide, app.configuration.session, signal);
  if (outcome !== "replaced") throw sessionLost();
}

/** Stores what a refused renewal left of the cache, unless another request has stored something newer meanwhile. */
async function storeIfUnchanged(
  app: App,
  session: ResolvedSession,
  tokenCache: string,
  { signal }: Invocation,
): Promise<void> {
  const { sessionKey, stored } = session;
  const sealed = await seal({ claims: session.secrets.claims, tokenCache }, session);
  const lastSeenAt = new Date().toISOString();
  const decide = (document: AccountDocument): Change =>
    document.sessions[sessionKey]?.sealed === stored.sealed
      ? changeSession(document, sessionKey, (current) => ({ ...current, sealed, lastSeenAt }))
      : { kind: "none" };
  const { accounts } = await app.store();
  const { before } = await changeAccount(accounts, session.account, decide, app.configuration.session, signal);
  if (!before || !Object.hasOwn(before.sessions, sessionKey)) throw sessionLost();
}

/**
 * How long a refusal may be out of date, in milliseconds between looks: where refresh tokens rotate, another instance
 * has used ours and is about to store its successor. Its write may take some attempts. Entra does not rotate them so, and
 * says why it refuses.
 */
const secondLooksMs = [0, 200, 500, 800, 1_000, 1_500, 2_000];

/** Only if the store comes to hold nothing newer does a refusal count. */
async function afterRefusal(
  app: App,
  session: ResolvedSession,
  api: DownstreamApiConfiguration,
  claims: string | undefined,
  refusal: RefusedError,
  invocation: Invocation,
): Promise<AcquiredToken> {
  for (const waitMs of refusal.final && !refusal.isCertain ? secondLooksMs : [0]) {
    await sleep(waitMs);
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
  throw new SignInRequiredError("The identity provider asks you to sign in again.", {
    claims: refusal.final ? undefined : refusal.claims,
    sessionEnded: refusal.final,
    cause: refusal,
  });
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
