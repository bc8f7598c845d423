import type { AuthenticationResult, AuthError } from "@azure/msal-node";
import type { Configuration } from "../configuration/configuration.ts";
import { ProblemError } from "../core/errors.ts";
import type { AccountClaims } from "../identity/account-claims.ts";
import type { Grants } from "../identity/session-secrets.ts";
import type { Authority, OperationClient } from "../identity/authority.ts";
import { adminConsentRequired } from "../identity/authorization-error.ts";
import { isAbout, missingScopes, withGrant } from "../identity/token-response.ts";
import { verifyIdToken, type IdTokenClaims } from "../identity/id-token.ts";
import type { TokenNetwork } from "../identity/network.ts";
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
  /** Scopes of the code's API that were requested but not granted. */
  readonly missingScopes?: readonly { readonly api: string; readonly scope: string }[];
  /** The API that the sign-in was for, if it named one. */
  readonly signedInFor?: string | undefined;
  /** Hash of the claims challenge that it answered. */
  readonly signedInWith?: string | undefined;
}

/** The identity provider's answer to a sign-in. */
export interface SignInAnswer {
  readonly code: string;
  /** Stands in for a missing `sid` claim. */
  readonly sessionState: string | null;
  readonly transaction: SignInTransaction;
  /** Further claims of the ID token that the app wants to keep. */
  readonly keptClaims?: readonly string[];
}

/**
 * Redeems the code, and verifies the ID token and that the tokens belong to its account.
 * @throws {ProblemError} `signin_invalid`, `clock_skew`, `signin_refused`, `admin_consent_required`, `tenant_not_allowed`
 *   or `identity_provider_unavailable`
 */
export async function completeSignIn(
  authority: Authority,
  configuration: Configuration,
  answer: SignInAnswer,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { transaction, sessionState } = answer;
  const client = await authority.client(signal);
  const result = await redeem(client, configuration, answer);
  const metadata = await authority.metadata.get(signal);
  const now = authority.clock.now();
  const verified = await verifyIdToken(result.idToken, {
    metadata,
    keys: authority.keys,
    azureAd: configuration.azureAd,
    nonce: transaction.nonce,
    keptClaims: answer.keptClaims,
    authenticatedSince: authenticatedSince(transaction, now),
    now,
    signal,
  });
  const { issued } = client.network;
  const homeAccountId = accountOf(result, issued, verified);
  return {
    claims: claimsOf(verified, homeAccountId),
    subject: metadata.backChannelLogout ? { issuer: verified.issuer, sub: verified.subject } : undefined,
    sid: verified.sid ?? sessionState ?? undefined,
    tokenCache: ofAccountAlone(client.serialize(), homeAccountId),
    ...scopesGranted(configuration, transaction, issued?.["scope"]),
    signedInFor: transaction.api,
    signedInWith: transaction.claimsHash,
  };
}

/** Exchanges the code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
async function redeem(
  { msal, network }: OperationClient,
  configuration: Configuration,
  { code, transaction }: SignInAnswer,
): Promise<AuthenticationResult> {
  try {
    return await msal.acquireTokenByCode({
      code,
      scopes: [...scopesOf(configuration, transaction.api).first],
      redirectUri: redirectUriOf(configuration),
      codeVerifier: transaction.codeVerifier,
      nonce: transaction.nonce,
    });
  } catch (error) {
    throw network.failure ?? redemptionProblem(error);
  }
}

/** The problem behind what MSAL, or the app's credential, has thrown. */
function redemptionProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  // An error that is not MSAL's comes from the credential: the managed identity does not answer, or the key does not sign.
  if (!isMsalError(error)) return appRefused(error);
  if (wantsInteraction(error)) return asksForConsent(error) ? adminConsentRequired(error) : signInRefused(error);
  // An answer that MSAL itself rejects, such as one with another sign-in's nonce.
  if (!isServerError(error)) {
    return new ProblemError("signin_invalid", "The answer to the sign-in is not valid.", { cause: error });
  }
  return error.errorCode === "invalid_grant" ? signInRefused(error) : appRefused(error);
}

function asksForConsent({ errorCode, subError }: AuthError): boolean {
  return errorCode === "consent_required" || subError === "consent_required";
}

/** @returns MSAL's `homeAccountId`, once the tokens and the ID token are known to belong to that account */
function accountOf({ account }: AuthenticationResult, issued: TokenNetwork["issued"], verified: IdTokenClaims): string {
  const homeAccountId = account?.homeAccountId;
  if (!homeAccountId) throw new ProblemError("signin_invalid", "The token response names no account.");
  if (!isAbout(issued, homeAccountId, verified)) {
    throw new ProblemError("signin_invalid", "The tokens and the ID token belong to different accounts.");
  }
  return homeAccountId;
}

function claimsOf(verified: IdTokenClaims, homeAccountId: string): AccountClaims {
  const { name, username, tenantId, objectId, loginHint = null, kept } = verified;
  return { homeAccountId, name, username, tenantId, objectId, loginHint, ...kept };
}

function scopesGranted(
  configuration: Configuration,
  { api }: SignInTransaction,
  granted: unknown,
): Pick<SignedIn, "grants" | "missingScopes"> {
  const { firstApi, first } = scopesOf(configuration, api);
  const missing = missingScopes(first, granted).map((scope) => ({ api: firstApi, scope }));
  return { grants: withGrant(undefined, first, granted), missingScopes: missing };
}

/** The identity provider refuses to redeem the code. */
export function signInRefused(cause: unknown): ProblemError {
  return new ProblemError("signin_refused", "Go back to the app and sign in again.", { cause });
}

/**
 * The scopes of a sign-in. Those of one API come with its tokens: of the API that the sign-in is for, or else of the first one.
 * The person only consents to the others. `.default` stands for what the app registration lists, for all of its APIs, and
 * cannot be asked for together with other scopes.
 */
export function scopesOf({ downstreamApis }: Configuration, api: string | undefined): Scopes {
  const meant = [...downstreamApis.values()].toSorted((a, b) => Number(b.name === api) - Number(a.name === api));
  const [{ name: firstApi, scopes: first } = { name: "", scopes: [] }, ...more] = meant;
  const others = more.flatMap(({ scopes }) => scopes).filter((scope) => !isDefault(scope));
  return { firstApi, first, others: first.some(isDefault) ? [] : others };
}

interface Scopes {
  /** Name of the API that the tokens are for. */
  readonly firstApi: string;
  readonly first: readonly string[];
  readonly others: readonly string[];
}

function isDefault(scope: string): boolean {
  return scope.toLowerCase().endsWith("/.default");
}
