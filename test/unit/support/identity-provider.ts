import { mock } from "node:test";
import { idTokenClaims, jwks, signed } from "./tokens.ts";
import { metadata } from "./app.ts";
import { clientId, tenantId } from "./environment.ts";

/** Settings under which the app uses this identity provider. */
export const settings = { AzureAd__Instance: "https://idp.example/" };
export const userId = "5b6c7d8e-1111-4222-8333-444455556666";

export interface TokenRequest {
  readonly form: URLSearchParams;
  readonly signal: AbortSignal | null | undefined;
}

/** An identity provider that answers by way of `fetch`, in this process. */
export interface TestIdentityProvider {
  readonly tokenRequests: readonly TokenRequest[];
  /** What the token endpoint does next; by default it issues tokens. */
  token: (request: TokenRequest) => Promise<Response>;
  /** `response_modes_supported` of the discovery document. */
  responseModes: unknown;
}

export function identityProvider(): TestIdentityProvider {
  const tokenRequests: TokenRequest[] = [];
  const provider: TestIdentityProvider = {
    tokenRequests,
    token: () => tokens(),
    responseModes: ["query", "form_post"],
  };
  mock.method(globalThis, "fetch", async (input: string | URL, init: RequestInit = {}) => {
    const url = String(input);
    if (url.endsWith("/.well-known/openid-configuration")) {
      return Response.json({ ...discovery, response_modes_supported: provider.responseModes });
    }
    if (url === metadata.jwksUri) return Response.json(jwks);
    if (url.split("?")[0] !== metadata.tokenEndpoint) throw new TypeError(`fetch failed: ${url}`);
    const request = { form: new URLSearchParams(init.body as string), signal: init.signal };
    tokenRequests.push(request);
    return provider.token(request);
  });
  return provider;
}

const discovery = {
  issuer: metadata.issuer,
  authorization_endpoint: metadata.authorizationEndpoint,
  token_endpoint: metadata.tokenEndpoint,
  jwks_uri: metadata.jwksUri,
  end_session_endpoint: metadata.endSessionEndpoint,
};

export interface IssuedTokens {
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly idToken?: string | undefined;
  readonly expiresIn?: number;
  readonly refreshIn?: number;
  readonly scope?: string;
  /** As the token endpoint puts it; undefined leaves it out. */
  readonly clientInfo?: string | undefined;
}

export function clientInfo(uid: string, utid: string): string {
  return Buffer.from(JSON.stringify({ uid, utid })).toString("base64url");
}

/** A successful answer of the token endpoint. */
export async function tokens(issued: IssuedTokens = {}): Promise<Response> {
  const { accessToken = "access-1", refreshToken = "refresh-1", expiresIn = 3_600, scope = "User.Read" } = issued;
  const idToken = "idToken" in issued ? issued.idToken : await signed(idTokenClaims({ oid: userId, sid: "sid-1" }));
  return Response.json({
    token_type: "Bearer",
    access_token: accessToken,
    refresh_token: refreshToken,
    id_token: idToken,
    client_info: "clientInfo" in issued ? issued.clientInfo : clientInfo(userId, tenantId),
    expires_in: expiresIn,
    ext_expires_in: expiresIn,
    ...(issued.refreshIn !== undefined && { refresh_in: issued.refreshIn }),
    scope: `openid profile offline_access ${scope}`,
  });
}

/** A refusal of the token endpoint (RFC 6749 section 5.2). */
export function refusal(error: string, more: object = {}): () => Promise<Response> {
  const body = { error, error_description: `AADSTS0: secret-in-a-description for ${clientId}`, ...more };
  return async () => Response.json(body, { status: 400 });
}
