import type { AuthorizationUrlRequest } from "@azure/msal-node";
import type { Configuration } from "../configuration/configuration.ts";
import { isRecord } from "../core/encoding.ts";
import type { Authority } from "../identity/authority.ts";
import type { SignInOptions } from "./authorization-request.ts";
import { redirectUriOf, scopesOf } from "./sign-in.ts";
import { codeChallengeOf } from "./new-transaction.ts";
import type { SignInTransaction } from "./transaction.ts";

/** URL of the authorization endpoint for `transaction` (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636). */
export async function authorizationUrl(
  authority: Authority,
  configuration: Configuration,
  transaction: SignInTransaction,
  options: SignInOptions,
  signal: AbortSignal,
): Promise<string> {
  const { msal } = await authority.client(signal);
  const { formPost } = await authority.metadata.get(signal);
  const { first, others } = scopesOf(configuration, transaction.api);
  const request: AuthorizationUrlRequest = {
    scopes: [...first],
    // A code is redeemed for one resource. Consent to the others is requested now, so that no call stops for it later.
    extraScopesToConsent: [...others, ...options.extraScopes],
    redirectUri: redirectUriOf(configuration),
    // The host would take a code in the query for a function key, and wait for the storage account that holds the keys.
    responseMode: formPost ? "form_post" : "query",
    state: transaction.state,
    nonce: transaction.nonce,
    codeChallenge: codeChallengeOf(transaction),
    codeChallengeMethod: "S256",
    ...(options.prompt !== null && { prompt: options.prompt }),
    ...(options.loginHint !== null && { loginHint: options.loginHint }),
    ...(options.domainHint !== null && { domainHint: options.domainHint }),
    ...claimsOf(options),
    extraQueryParameters: passedOn(options),
  };
  // `URL` makes it ASCII, whatever the identity provider's metadata holds: it goes into a header field.
  return new URL(await msal.getAuthCodeUrl(request)).href;
}

/** Parameters that only the identity provider acts on (OpenID Connect Core 1.0 section 3.1.2.1). */
function passedOn({ maxAge, uiLocales, acrValues, display }: SignInOptions): Record<string, string> {
  return {
    ...(maxAge !== null && { max_age: String(maxAge) }),
    ...(uiLocales !== null && { ui_locales: uiLocales }),
    ...(acrValues !== null && { acr_values: acrValues }),
    ...(display !== null && { display }),
  };
}

/**
 * The `claims` parameter. With `max_age`, it also requests `auth_time` (section 2), the time at which the person signed in:
 * Entra leaves that out unless asked.
 */
function claimsOf({ claims, maxAge }: SignInOptions): { claims?: string } {
  if (maxAge === null) return claims === null ? {} : { claims };
  const asked: unknown = claims === null ? {} : JSON.parse(claims);
  const { id_token: idToken, ...others } = isRecord(asked) ? asked : {};
  const withTime = { ...(isRecord(idToken) && idToken), auth_time: { essential: true } };
  return { claims: JSON.stringify({ ...others, id_token: withTime }) };
}
