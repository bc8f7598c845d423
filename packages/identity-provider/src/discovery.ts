import type { JWK } from "jose";
import type { Keys } from "./keys.ts";
import { personalTenantId } from "./people.ts";
import { issuerOf, tenantSegment, type Issuing, type Tenant } from "./tenants.ts";

/** The two addresses of the provider, and whose issuers it has. */
export interface Addresses extends Issuing {
  /** The origin that a browser sees, without a trailing slash: `http://127.0.0.1:7072`. */
  readonly publicUrl: string;
  /** What apps call, with a trailing slash: `https://127.0.0.1:7073/`. */
  readonly instance: string;
}

/**
 * The document at `{instance}{tenant}/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, section 3).
 * Browser endpoints are at the public address, back-end endpoints at the instance. For `common` and
 * `organizations` the issuer is Entra's template, with `{tenantid}` to be replaced by the token's `tid`.
 */
export function discoveryDocument(addresses: Addresses, tenant: Tenant): Record<string, unknown> {
  const { publicUrl, instance } = addresses;
  const segment = tenantSegment(tenant);
  const page = (path: string) => `${publicUrl}/${segment}${path}`;
  const backEnd = (path: string) => `${instance}${segment}${path}`;
  return {
    token_endpoint: backEnd("/oauth2/v2.0/token"),
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: backEnd("/discovery/v2.0/keys"),
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer: issuerFor(addresses, tenant),
    request_uri_parameter_supported: false,
    authorization_endpoint: page("/oauth2/v2.0/authorize"),
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: page("/oauth2/v2.0/logout"),
    code_challenge_methods_supported: ["S256"],
    claims_supported: claimsSupported,
    tenant_region_scope: tenant.kind === "single" ? "EU" : null,
  };
}

/**
 * The document at `jwks_uri` (RFC 7517). As in Entra's, the `issuer` of each key says whose tokens it signs: the
 * tenant's, or the template; for the key for personal accounts, their own tenant.
 */
export function keySet(addresses: Addresses, tenant: Tenant, keys: Keys): { keys: JWK[] } {
  const personal = keys.personalKey().kid;
  const issuerOfKey = ({ kid }: JWK) =>
    kid === personal ? issuerOf(addresses, personalTenantId) : issuerFor(addresses, tenant);
  return { keys: keys.publicKeys().keys.map((key) => Object.assign(key, { issuer: issuerOfKey(key) })) };
}

function issuerFor(issuing: Issuing, tenant: Tenant): string {
  return issuerOf(issuing, tenant.kind === "single" ? tenant.id : "{tenantid}");
}

const claimsSupported = [
  "sub",
  "iss",
  "aud",
  "exp",
  "iat",
  "nbf",
  "nonce",
  "ver",
  "uti",
  "name",
  "preferred_username",
  "email",
  "oid",
  "tid",
  "sid",
  "login_hint",
];
