import type { AuthenticationResult, AuthError } from "@azure/msal-node";
import type { Configuration } from "../configuration/configuration.ts";
import { ProblemError } from "../core/errors.ts";
import type { AccountClaims } from "../identity/account-claims.ts";
import type { Grants } from "../identity/session-secrets.ts";
import type { Authority } from "../identity/authority.ts";
import { adminConsentRequired } from "../identity/authorization-error.ts";
import { isAbout, missingScopes, withGrant } from "../identity/token-response.ts";
import { verifyIdToken } from "../identity/id-token.ts";
import { appRefused } from "../identity/errors.ts";
import { isMsalError, isServerError, wantsInteraction } from "../identity/msal-errors.ts";
import { ofAccountAlone } from "../identity/token-cache.ts";
import { authenticatedSince, type SignInTransaction } from "./transaction.ts";

export function redirectUriOf({ publicBaseUrl }: Configuration): string {
  return `${publicBaseUrl}/auth/callback`;
}

/** What a completed sign-in brings. */
export interface SignedIn {
  readonly claims: AccountClaims;
  /** Subject and issuer of the ID token, where the issuer may sign out by subject alone. */
  readonly subject: { readonly issuer: string; readonly sub: string } | undefined;
  /** From the ID token, else the authorization response's `session_state`; undefined if neither was given. */
  readonly sid: string | undefined;
  readonly tokenCache: string;
  readonly grants?: Grants | undefined;
  /** Scopes of the first API that were asked for and not granted. */
  readonly missingScopes?: readonly string[];
  /** The API that the sign-in was for, where it was not the first. */
  readonly signedInFor?: string | undefined;
  /** Hash of the claims challenge that it answered. */
  readonly signedInWith?: string | undefined;
}

/**
 * Redeems the code and verifies the ID token.
 * @param sessionState of the authorization response; stands in for a missing `sid` claim
 * @throws {ProblemError} `signin_invalid`, `clock_skew`, `signin_refused`, `admin_consent_required`, `tenant_not_allowed`
 *   or `identity_provider_unavailable`
 */
export async function completeSignIn(
  authority: Authority,
  configuration: Configuration,
  answer: { readonly code: string; readonly sessionState: string | null; readonly transaction: SignInTransaction },
  signal: AbortSignal,
): Promise<SignedIn> {
  const { msal, network, serialize } = await authority.client(signal);
  const result = await redeem(
    () =>
      msal.acquireTokenByCode({
        code: answer.code,
        scopes: [...scopesOf(configuration, answer.transaction.api).first],
        redirectUri: redirectUriOf(configuration),
        codeVerifier: answer.transaction.codeVerifier,
        nonce: answer.transaction.nonce,
      }),
    () => network.failure,
  );
  const metadata = await authority.metadata.get(signal);
  const { azureAd } = configuration;
  const now = authority.clock.now();
  const verified = await verifyIdToken(result.idToken, {
    metadata,
    keys: authority.keys,
    azureAd,
    nonce: answer.transaction.nonce,
    authenticatedSince: authenticatedSince(answer.transaction, now),
    now,
    signal,
  });
  const homeAccountId = result.account?.homeAccountId;
  if (!homeAccountId) throw new ProblemError("signin_invalid", "The token response names no account.");
  if (!isAbout(network.issued, homeAccountId, verified)) {
    throw new ProblemError("signin_invalid", "The tokens and the ID token belong to different accounts.");
  }
  const granted = network.issued?.["scope"];
  const scopes = scopesOf(configuration, answer.transaction.api).first;
  return {
    claims: {
      homeAccountId,
      name: verified.name,
      username: verified.username,
      tenantId: verified.tenantId,
      objectId: verified.objectId,
      loginHint: verified.loginHint ?? null,
    },
    subject: metadata.backChannelLogout ? { issuer: verified.issuer, sub: verified.subject } : undefined,
    sid: verified.sid ?? answer.sessionState ?? undefined,
    tokenCache: ofAccountAlone(serialize(), homeAccountId),
    grants: withGrant(undefined, scopes, granted),
    missingScopes: missingScopes(scopes, granted),
    signedInFor: answer.transaction.api,
    signedInWith: answer.transaction.claimsHash,
  };
}

async function redeem(
  request: () => Promise<AuthenticationResult>,
  failure: () => Error | undefined,
): Promise<AuthenticationResult> {
  try {
    return await request();
  } catch (error) {
    const unavailable = failure();
    if (unavailable) throw unavailable;
    if (error instanceof ProblemError) throw error;
    // What is not MSAL's own comes from the credential: a managed identity that does not answer, a key that does not sign.
    if (!isMsalError(error)) throw appRefused(error);
    // An answer that MSAL itself rejects, such as one with another sign-in's nonce.
    if (wantsInteraction(error)) {
      throw asksForConsent(error) ? adminConsentRequired(error) : signInRefused(error);
    }
    if (!isServerError(error)) {
      throw new ProblemError("signin_invalid", "The answer to the sign-in is not valid.", { cause: error });
    }
    if (error.errorCode !== "invalid_grant") throw appRefused(error);
    throw signInRefused(error);
  }
}

function asksForConsent({ errorCode, subError }: AuthError): boolean {
  return errorCode === "consent_required" || subError === "consent_required";
}

/** The identity provider does not redeem the code. */
export function signInRefused(cause: unknown): ProblemError {
  return new ProblemError("signin_refused", "Go back to the app and sign in again.", { cause });
}

/**
 * The first API's scopes, or those of the one that the sign-in is for, come with the sign-in; every other API's are only consented to. `.default` stands for what the app
 * registration lists, for all of its APIs, and cannot be asked for together with other scopes.
 */
export function scopesOf({ downstreamApis }: Configuration, api: string | undefined): Scopes {
  const meant = [...downstreamApis.values()].toSorted((a, b) => Number(b.name === api) - Number(a.name === api));
  const [{ scopes: first } = { scopes: [] }, ...more] = meant;
  const others = more.flatMap(({ scopes }) => scopes).filter((scope) => !isDefault(scope));
  return { first, others: first.some(isDefault) ? [] : others };
}

interface Scopes {
  readonly first: readonly string[];
  readonly others: readonly string[];
}

function isDefault(scope: string): boolean {
  return scope.toLowerCase().endsWith("/.default");
}
