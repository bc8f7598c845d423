import { asciiLowerCase } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import type { AzureAdConfiguration } from "../configuration/azure-ad.ts";
import { appRoles, type AppRole } from "./app-roles.ts";
import type { Authority } from "./authority.ts";
import { verifyToken } from "./jwt.ts";

/** A program that calls with an access token for this app. */
export interface AppCaller {
  /** Its application (client) id. */
  readonly clientId: string;
  /** The tenant that has issued its token. */
  readonly tenantId: string;
  /** Whether it may name accounts of its own tenant alone. */
  readonly ownTenantOnly: boolean;
}

/** Characters. A token with two hundred roles is shorter. */
const maxTokenLength = 16_384;

/**
 * Verifies the access token (RFC 6750 section 2.1) of a program that has an app role: signature, issuer, audience, times, version and
 * role. The platform's ID tokens are for the same audience, and hold a person's roles; they name no calling app (`azp`). Tokens of an
 * app that acts for a person have `scp`, and are refused, too.
 *
 * Under a multi-tenant authority, each tenant's administrators give the app's roles to whom they like. So a caller from there may
 * only name accounts of the tenant that has issued its token.
 * @throws {ProblemError} `token_invalid`, `tenant_not_allowed` or `role_required`
 * @throws {IdentityProviderUnavailableError} when the signing keys cannot be read
 */
export async function verifyAppCaller(
  authorization: string | null,
  role: AppRole,
  authority: Authority,
  { clientId, isMultiTenant, allowedTenants }: AzureAdConfiguration,
  signal: AbortSignal,
): Promise<AppCaller> {
  const token = await verifyToken(bearerOf(authorization), {
    metadata: await authority.metadata.get(signal),
    keys: authority.keys,
    clientId,
    requiredClaims: ["iss", "aud", "exp", "iat", "tid", "azp", "ver"],
    code: "token_invalid",
    now: authority.clock.now(),
    signal,
  });
  const { payload } = token;
  if (payload["ver"] !== "2.0") throw token.invalid("ver");
  if ("nonce" in payload) throw token.invalid("nonce");
  // An app that acts for a person has the person's roles in its token.
  if ("scp" in payload) throw token.invalid("scp");
  if ((payload["idtyp"] ?? "app") !== "app") throw token.invalid("idtyp");
  const tenantId = asciiLowerCase(token.required("tid"));
  if (allowedTenants.length > 0 && !allowedTenants.includes(tenantId)) {
    throw new ProblemError("tenant_not_allowed", "This app is not for the tenant of the token.");
  }
  const roles: unknown = payload["roles"];
  if (!Array.isArray(roles) || !roles.includes(appRoles[role].value)) {
    throw new ProblemError("role_required", `The token has no app role ${appRoles[role].value} of this app.`);
  }
  return { clientId: token.required("azp"), tenantId, ownTenantOnly: isMultiTenant };
}

function bearerOf(authorization: string | null): string {
  const [, token] = /^bearer +([\w.~+/=-]+)$/i.exec(authorization ?? "") ?? [];
  if (token === undefined)
    throw new ProblemError("token_invalid", "The request needs an access token (Authorization: Bearer).");
  if (token.length > maxTokenLength) throw new ProblemError("token_invalid", "The token is too long.");
  return token;
}
