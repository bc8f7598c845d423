import { createHash, randomBytes } from "node:crypto";
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import type { BackChannel } from "@entra-functions-bff/identity-provider/back-channel";

export interface ClientSettings {
  /** The provider's instance, with a trailing slash. */
  readonly instance: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** What the answer to a sign-in must match. */
export interface Transaction {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

export interface SignedInPerson {
  readonly name: string;
  readonly userName: string;
  readonly sid: string | undefined;
  readonly loginHint: string | undefined;
}

interface Metadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly end_session_endpoint: string;
  readonly jwks_uri: string;
}

/** A sign-in with the provider, written against the specification alone (OpenID Connect Core 1.0, section 3.1). */
export function createOidcClient(settings: ClientSettings, call: BackChannel) {
  const metadata = async () =>
    getJson<Metadata>(call, `${settings.instance}${settings.tenantId}/v2.0/.well-known/openid-configuration`);
  return {
    start: async (): Promise<{ url: string; transaction: Transaction }> => {
      const transaction = { state: random(), nonce: random(), verifier: random() };
      return { url: authorizationUrl(settings, await metadata(), transaction), transaction };
    },
    /** Redeems the code and checks the ID token. Throws if either is refused. */
    finish: async (code: string, transaction: Transaction): Promise<SignedInPerson> => {
      const { issuer, token_endpoint, jwks_uri } = await metadata();
      const idToken = await redeem(settings, call, token_endpoint, code, transaction);
      const keys = createLocalJWKSet(await getJson<JSONWebKeySet>(call, jwks_uri));
      const { payload } = await jwtVerify(idToken, keys, {
        issuer,
        audience: settings.clientId,
        algorithms: ["RS256"],
      });
      if (payload["nonce"] !== transaction.nonce) throw new Error("The ID token belongs to another sign-in");
      const text = (claim: string) => (typeof payload[claim] === "string" ? payload[claim] : undefined);
      return {
        name: text("name") ?? "",
        userName: text("preferred_username") ?? "",
        sid: text("sid"),
        loginHint: text("login_hint"),
      };
    },
    /** The URL to sign out everywhere; the hint avoids the account picker. */
    endSessionUrl: async (loginHint: string | undefined, returnTo: string): Promise<string> => {
      const url = new URL((await metadata()).end_session_endpoint);
      if (loginHint !== undefined) url.searchParams.set("logout_hint", loginHint);
      url.searchParams.set("post_logout_redirect_uri", returnTo);
      return url.href;
    },
  };
}

function authorizationUrl(
  settings: ClientSettings,
  metadata: Metadata,
  { state, nonce, verifier }: Transaction,
): string {
  const url = new URL(metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: settings.clientId,
    response_type: "code",
    response_mode: "query",
    redirect_uri: settings.redirectUri,
    scope: "openid profile",
    state,
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  }).toString();
  return url.href;
}

async function redeem(
  settings: ClientSettings,
  call: BackChannel,
  endpoint: string,
  code: string,
  { verifier }: Transaction,
): Promise<string> {
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    code_verifier: verifier,
    redirect_uri: settings.redirectUri,
    client_id: settings.clientId,
    client_secret: settings.clientSecret,
  }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const { status, text } = await call(endpoint, { method: "POST", headers, body });
  if (status !== 200) throw new Error(`The token endpoint answered ${status}`);
  return (JSON.parse(text) as { id_token: string }).id_token;
}

async function getJson<T>(call: BackChannel, url: string): Promise<T> {
  const { status, text } = await call(url);
  if (status !== 200) throw new Error(`${new URL(url).pathname} answered ${status}`);
  return JSON.parse(text) as T;
}

function random(): string {
  return randomBytes(32).toString("base64url");
}
