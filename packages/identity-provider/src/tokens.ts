import type { KoaContextWithOIDC } from "oidc-provider";
import { clientInfo, type TokenSubject } from "./claims.ts";
import {
  accessTokenScopes,
  fullScopes,
  parseScopes,
  scopeInResponse,
  withoutScopes,
  type ScopeRequest,
} from "./resources.ts";
import { findPerson, type Runtime } from "./runtime.ts";
import { signTampered, signToken } from "./signing.ts";
import { EntraTokenError } from "./token-errors.ts";

/** A code or refresh token that is being redeemed. */
export interface TokenSource {
  readonly accountId: string;
  readonly sessionUid: string;
  /** The OpenID Connect scopes of the sign-in. */
  readonly scope: string;
  readonly claims: TokenSubject["claims"];
  readonly authTime?: number | undefined;
  /** Only on the first redemption. */
  readonly nonce?: string | undefined;
  /** The scopes granted at sign-in, of each resource. */
  readonly granted: Readonly<Record<string, string>>;
  readonly refreshToken?: string | undefined;
}

/** A parameter of the token request as it was sent, even if oidc-provider does not know it for the grant. */
export function bodyParameter(ctx: KoaContextWithOIDC, name: string): string | undefined {
  const value = ctx.oidc.body?.[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * The successful token response as Entra's v2.0 endpoint returns it (RFC 6749, section 5.1, with Entra's additions).
 */
export async function tokenResponse(runtime: Runtime, ctx: KoaContextWithOIDC, source: TokenSource) {
  const mistake = runtime.mistaken.shift();
  const owner = subjectOf(runtime, ctx, source);
  const subject = mistake?.part === "everything" ? { ...owner, person: mistake.person } : owner;
  const asked = requestedScopes(ctx, source);
  const wanted = accessTokenScopes(asked.resources[0], (resource) =>
    (source.granted[resource] ?? "").split(" ").filter(Boolean),
  );
  const scopes = withoutScopes(wanted, runtime.settings.withheldScopes);
  const lifetime = runtime.settings.accessTokenLifetimeSeconds;
  const response = {
    token_type: "Bearer",
    scope: scopeInResponse(scopes, asked.oidc),
    expires_in: lifetime,
    ext_expires_in: lifetime,
    access_token: await signToken(runtime.keys, runtime.claims.accessToken(subject, scopes, lifetime)),
    ...(source.refreshToken === undefined ? {} : { refresh_token: source.refreshToken }),
    ...(asked.oidc.has("openid") ? { id_token: await idToken(runtime, subject, asked.oidc, source.nonce) } : {}),
    ...(bodyParameter(ctx, "client_info") === "1"
      ? { client_info: clientInfo(mistake?.person ?? subject.person) }
      : {}),
  };
  for (const token of [response.access_token, response.refresh_token, response.id_token]) {
    if (token !== undefined) runtime.issued.add(token);
  }
  return response;
}

function subjectOf(runtime: Runtime, ctx: KoaContextWithOIDC, source: TokenSource): TokenSubject {
  const person = findPerson(runtime, source.accountId);
  const app = runtime.applications.find(ctx.oidc.client?.clientId ?? "");
  if (person === undefined || app === undefined) {
    throw new EntraTokenError("invalid_grant", "The account or the app no longer exists.", { code: 50034 });
  }
  return { person, app, sessionUid: source.sessionUid, claims: source.claims, authTime: source.authTime };
}

/**
 * The request's scopes, or those of the sign-in if the request names none. They must be of one resource, as with Entra.
 */
export function requestedScopes(ctx: KoaContextWithOIDC, source: TokenSource): ScopeRequest {
  const parameter = bodyParameter(ctx, "scope");
  const asked = parseScopes(parameter ?? `${source.scope} ${grantedOfFirstResource(source)}`);
  if (asked.invalid.length > 0) {
    throw new EntraTokenError(
      "invalid_scope",
      `The provided value for scope ${asked.invalid.join(" ")} is not valid.`,
      {
        code: 70011,
      },
    );
  }
  if (asked.resources.length > 1) {
    const description =
      "Provided value for the input parameter scope is not valid because it contains more than one resource.";
    throw new EntraTokenError("invalid_request", description, { code: 28000 });
  }
  return asked;
}

function grantedOfFirstResource({ granted }: TokenSource): string {
  const [first] = Object.entries(granted);
  return first === undefined ? "" : fullScopes(first[0], first[1].split(" ")).join(" ");
}

async function idToken(
  runtime: Runtime,
  subject: TokenSubject,
  scopes: ReadonlySet<string>,
  nonce: string | undefined,
) {
  const claims = runtime.claims.idToken(subject, scopes, nonce);
  const tampering = runtime.tampering.shift();
  return tampering === undefined ? signToken(runtime.keys, claims) : signTampered(runtime.keys, claims, tampering);
}
