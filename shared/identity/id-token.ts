import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from "jose";
import type { Configuration } from "../config.ts";
import { ConditionError } from "../errors.ts";
import { IdentityProviderUnavailableError, type AuthorityMetadata } from "./metadata.ts";

/** What the Microsoft identity platform puts into an ID token, as far as it is used; `sid` and `login_hint` are optional claims. */
export interface IdTokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly tenantId: string;
  readonly objectId: string;
  readonly name: string;
  readonly username: string;
  readonly sid: string | undefined;
  readonly loginHint: string | undefined;
}

/** Keys by `jwks_uri`, each set kept and refreshed by jose. */
export type SigningKeys = (jwksUri: string) => JWTVerifyGetKey;

/** The platform's recommendation for clocks that differ. */
const clockToleranceSeconds = 300;
const algorithms = ["RS256"];

export function signingKeys(): SigningKeys {
  let current: { uri: string; keys: JWTVerifyGetKey } | undefined;
  return (uri) => {
    if (current?.uri !== uri) current = { uri, keys: createRemoteJWKSet(new URL(uri), { timeoutDuration: 4_000 }) };
    return current.keys;
  };
}

export interface IdTokenExpectations {
  readonly metadata: AuthorityMetadata;
  readonly keys: SigningKeys;
  readonly azureAd: Pick<Configuration["azureAd"], "clientId" | "allowedTenants">;
  readonly nonce: string;
}

/**
 * Verifies an ID token (OpenID Connect Core 1.0 section 3.1.3.7): signature, issuer, audience, times, nonce, and whether
 * its tenant may use the app. MSAL checks none of these but the nonce.
 * @throws {ConditionError} `signin_invalid` or `tenant_not_allowed`
 * @throws {IdentityProviderUnavailableError} when the signing keys cannot be read
 */
export async function verifyIdToken(idToken: string, expected: IdTokenExpectations): Promise<IdTokenClaims> {
  const payload = await verifySignatureAudienceAndTimes(idToken, expected);
  const claims = readClaims(payload);
  if (payload["nonce"] !== expected.nonce) throw invalid("nonce");
  if (claims.issuer !== expected.metadata.issuer.replace("{tenantid}", claims.tenantId)) throw invalid("iss");
  const { allowedTenants } = expected.azureAd;
  if (allowedTenants.length > 0 && !allowedTenants.includes(claims.tenantId.toLowerCase())) {
    throw new ConditionError("tenant_not_allowed", "Sign in with an account of an organization that this app is for.");
  }
  return claims;
}

async function verifySignatureAudienceAndTimes(idToken: string, expected: IdTokenExpectations): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(idToken, expected.keys(expected.metadata.jwksUri), {
      algorithms,
      audience: expected.azureAd.clientId,
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ["iss", "sub", "exp", "iat", "nonce"],
    });
    // With several audiences, azp must name this app; the platform issues one audience only.
    if (Array.isArray(payload.aud) && payload.aud.length > 1) throw invalid("aud");
    return payload;
  } catch (error) {
    throw classify(error);
  }
}

/** Whether the token is bad or the keys to judge it by could not be had. */
function classify(error: unknown): Error {
  if (error instanceof ConditionError) return error;
  const badToken = [
    errors.JWTClaimValidationFailed,
    errors.JWTExpired,
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ];
  if (!badToken.some((type) => error instanceof type)) return new IdentityProviderUnavailableError(error);
  const claim =
    error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired ? error.claim : "";
  return invalid(claim || "signature", error);
}

function readClaims(payload: JWTPayload): IdTokenClaims {
  const text = (name: string): string | undefined => {
    const value = payload[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const required = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw invalid(name);
    return value;
  };
  const username = text("preferred_username") ?? text("email") ?? "";
  return {
    issuer: required("iss"),
    subject: required("sub"),
    tenantId: required("tid"),
    objectId: required("oid"),
    name: text("name") ?? username,
    username,
    sid: text("sid"),
    loginHint: text("login_hint"),
  };
}

function invalid(what: string, cause?: unknown): ConditionError {
  return new ConditionError("signin_invalid", `The ID token is not valid: ${what}.`, { cause });
}
