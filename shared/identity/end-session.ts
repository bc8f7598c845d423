import type { Authority } from "./authority.ts";

/**
 * URL of the end-session endpoint (OpenID Connect RP-Initiated Logout 1.0 section 2).
 * @param loginHint value of the `login_hint` claim; with it the person is not asked which account to sign out
 * @returns undefined if the identity provider has no such endpoint or its metadata cannot be read: the sign-out here does not
 *   depend on it
 */
export async function endSessionUrl(
  authority: Authority,
  request: { readonly loginHint: string | null; readonly postLogoutRedirectUri: string; readonly state: string },
  signal: AbortSignal,
): Promise<string | undefined> {
  const metadata = await authority.metadata.get(signal).catch(() => undefined);
  const url = URL.parse(metadata?.endSessionEndpoint ?? "");
  if (!url) return undefined;
  url.searchParams.set("post_logout_redirect_uri", request.postLogoutRedirectUri);
  url.searchParams.set("state", request.state);
  if (request.loginHint !== null) url.searchParams.set("logout_hint", request.loginHint);
  return url.href;
}

/**
 * Whether `issuer`, as given to the front-channel sign-out, is this app's identity provider. Entra gives none. Under a
 * multi-tenant authority, every tenant's issuer counts.
 */
export async function isOwnIssuer(authority: Authority, issuer: string, signal: AbortSignal): Promise<boolean> {
  const metadata = await authority.metadata.get(signal).catch(() => undefined);
  // Without metadata, the host decides: the sign-out must not depend on the identity provider being up. The text is compared as
  // it is written, because a URL parser takes other letters and other schemes for the same.
  if (!metadata) return `${issuer}/`.startsWith(`https://${authority.environment}/`);
  const [before = "", after] = metadata.issuer.split("{tenantid}");
  if (after === undefined) return issuer === before;
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return issuer === before + tenant + after && /^[0-9a-f-]{36}$/i.test(tenant);
}
