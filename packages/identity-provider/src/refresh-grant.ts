import type { Provider, KoaContextWithOIDC, RefreshToken } from "oidc-provider";
import { accessTokenValues, parseClaimsRequest, type ClaimsRequest } from "./claims-request.ts";
import type { Runtime } from "./runtime.ts";
import { EntraTokenError } from "./token-errors.ts";
import { bodyParameter, requestedScopes, tokenResponse } from "./tokens.ts";

/**
 * Replaces oidc-provider's refresh grant (RFC 6749, section 6) with Entra's: a refresh token works for any resource of
 * the app, each use gives a new one, and the old one stays valid.
 */
export function registerRefreshGrant(provider: Provider, runtime: Runtime): void {
  provider.registerGrantType(
    "refresh_token",
    async (ctx) => {
      ctx.body = await refresh(provider, runtime, ctx);
    },
    ["refresh_token", "scope"],
  );
}

async function refresh(provider: Provider, runtime: Runtime, ctx: KoaContextWithOIDC) {
  const presented = bodyParameter(ctx, "refresh_token");
  if (presented === undefined) {
    throw new EntraTokenError("invalid_request", "The request body must contain the parameter: 'refresh_token'.", {
      code: 900144,
    });
  }
  const token = await provider.RefreshToken.find(presented, { ignoreExpiration: true });
  const valid = checkRefreshToken(runtime, ctx, token);
  const requested = parseClaimsRequest(bodyParameter(ctx, "claims"));
  checkChallenges(runtime, valid, requested);
  const grant = await provider.Grant.find(valid.grantId ?? "");
  const source = {
    accountId: valid.accountId,
    sessionUid: valid.sessionUid ?? "",
    scope: valid.scope ?? "",
    // A claim that the sign-in satisfied, such as an authentication context, is in a token only if this request asks
    // for it.
    claims: requested,
    granted: grant?.resources ?? {},
  };
  // Checked before the token is used, so that a bad request, for example for two resources, changes nothing.
  requestedScopes(ctx, source);
  if (runtime.settings.rotateRefreshTokens) await valid.consume();
  const refreshToken = await successor(provider, ctx, valid).save();
  return tokenResponse(runtime, ctx, { ...source, refreshToken });
}

/**
 * Throws Entra's errors for a token that is unknown, another app's, revoked, expired, or (if tokens work once) already
 * used.
 */
function checkRefreshToken(runtime: Runtime, ctx: KoaContextWithOIDC, token: RefreshToken | undefined): RefreshToken {
  if (token === undefined || token.clientId !== ctx.oidc.client?.clientId) {
    throw refuse(70000, "The provided grant is invalid or malformed.");
  }
  const revocation = runtime.store.revocationOf(token.jti);
  if (revocation === 50057) {
    throw new EntraTokenError("invalid_grant", "The user account is disabled.", { code: 50057 });
  }
  if (revocation === 700082 || token.isExpired) {
    throw refuse(700082, "The refresh token has expired due to inactivity.");
  }
  if (revocation !== undefined) {
    throw refuse(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed.");
  }
  if (runtime.settings.rotateRefreshTokens && token.consumed !== undefined) {
    throw refuse(70000, "The provided refresh token was used before.");
  }
  return token;
}

function refuse(code: number, description: string): EntraTokenError {
  return new EntraTokenError("invalid_grant", description, { code, suberror: "bad_token" });
}

/**
 * The person is needed for a challenge set for the account, or for requested claims that the sign-in did not satisfy.
 */
function checkChallenges(runtime: Runtime, token: RefreshToken, requested: ClaimsRequest | undefined): void {
  const due = runtime.challenges.get(token.accountId) ?? unmetClaims(token, requested);
  if (due === undefined) return;
  const description =
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication.";
  throw new EntraTokenError("invalid_grant", description, { code: 50076, suberror: "basic_action", claims: due });
}

function unmetClaims(token: RefreshToken, requested: ClaimsRequest | undefined): string | undefined {
  const met = accessTokenValues(token.claims as ClaimsRequest | undefined, "acrs");
  const missing = accessTokenValues(requested, "acrs").filter((value) => !met.includes(value));
  if (missing.length === 0) return undefined;
  return JSON.stringify({ access_token: { acrs: { essential: true, value: missing[0] } } });
}

/** Continues the same sign-in; its 90 days start again. */
function successor(provider: Provider, ctx: KoaContextWithOIDC, token: RefreshToken): RefreshToken {
  const { client } = ctx.oidc;
  if (client === undefined) throw new Error("The token endpoint authenticates the client before the grant is handled");
  return new provider.RefreshToken({
    client,
    accountId: token.accountId,
    authTime: token.authTime,
    claims: token.claims,
    grantId: token.grantId ?? "",
    gty: "refresh_token",
    scope: token.scope ?? "",
    sessionUid: token.sessionUid,
  });
}
