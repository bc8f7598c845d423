import { errors, type JWTPayload } from "jose";
import { withinDeadline } from "../core/waiting.ts";
import { ProblemError, type ProblemCode } from "../core/errors.ts";
import type { AuthorityMetadata } from "./metadata.ts";
import { unavailable } from "./errors.ts";
import { fillTenant, tenantTemplate, verifyWithAny, type SigningKeys } from "./signing-keys.ts";

/** The platform's recommendation for clocks that differ. */
export const clockToleranceSeconds = 300;
const algorithms = ["RS256"];

export interface TokenExpectations {
  readonly metadata: AuthorityMetadata;
  readonly keys: SigningKeys;
  readonly clientId: string;
  readonly requiredClaims: readonly string[];
  /** The most seconds since `iat`; if missing, only `exp` counts. */
  readonly maxAgeSeconds?: number;
  /** The problem that is reported when the token is not valid. */
  readonly code: ProblemCode;
  /** The problem for a token that is not valid at this time, if that says something about the clocks. */
  readonly timesCode?: ProblemCode;
  /** The time that the token must be valid at, in milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

export interface VerifiedToken {
  readonly payload: JWTPayload;
  readonly type: string | undefined;
  /** A claim that must be a string, and not empty. */
  required(claim: string): string;
  /** A claim that may be missing. */
  optional(claim: string): string | undefined;
  /** The error for a token whose claim is wrong. */
  invalid(claim: string): ProblemError;
}

/**
 * Verifies a token that the identity provider issued for this app: signature, issuer, audience and times.
 * @throws {ProblemError} with the expected code when the token is not valid
 * @throws {IdentityProviderUnavailableError} when the signing keys cannot be read
 */
export async function verifyToken(token: string, expected: TokenExpectations): Promise<VerifiedToken> {
  const { code, timesCode = code } = expected;
  const invalid = (what: string, cause?: unknown, problem = code) =>
    new ProblemError(problem, `The token is not valid: ${what}.`, { cause });
  const verification = verifyWithAny(token, expected.keys(expected.metadata.jwksUri), {
    algorithms,
    audience: expected.clientId,
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(expected.now),
    requiredClaims: [...expected.requiredClaims],
    ...(expected.maxAgeSeconds !== undefined && { maxTokenAge: expected.maxAgeSeconds }),
  });
  const result = await withinDeadline(expected.signal, verification).catch((error: unknown) => {
    if (!isBadToken(error)) throw unavailable(error);
    throw invalid(claimOf(error), error, isWrongTime(error) ? timesCode : code);
  });
  const { payload, protectedHeader } = result;
  const optional = (claim: string) => textClaim(payload, claim);
  const required = (claim: string) => {
    const value = optional(claim);
    if (value === undefined) throw invalid(claim);
    return value;
  };
  // jose checks the time of issue only if there is a `maxTokenAge`.
  if ((payload.iat ?? 0) > expected.now / 1000 + clockToleranceSeconds) throw invalid("iat", undefined, timesCode);
  // With several audiences, `azp` would have to name this app. The platform issues only one, so more are refused.
  if (Array.isArray(payload.aud) && payload.aud.length > 1) throw invalid("aud");
  if (!isIssuer(expected.metadata, required("iss"), optional("tid"))) throw invalid("iss");
  return { payload, type: protectedHeader.typ, required, optional, invalid: (claim) => invalid(claim) };
}

/** Under a multi-tenant authority the metadata's issuer is a template, to be filled with the token's tenant. */
function isIssuer({ issuer }: AuthorityMetadata, claimed: string, tenantId: string | undefined): boolean {
  if (!issuer.includes(tenantTemplate)) return claimed === issuer;
  return tenantId !== undefined && claimed === fillTenant(issuer, tenantId);
}

/** Whether the token is bad, rather than the keys for it unavailable. */
function isBadToken(error: unknown): error is Error {
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
  return badToken.some((type) => error instanceof type);
}

/** Expired or not valid yet, beyond what clocks may differ. */
function isWrongTime(error: Error): boolean {
  if (error instanceof errors.JWTExpired) return true;
  return error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf" && error.reason === "check_failed";
}

function claimOf(error: Error): string {
  const isClaim = error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;
  return (isClaim && error.claim) || "signature";
}

function textClaim(payload: JWTPayload, claim: string): string | undefined {
  const value = payload[claim];
  return typeof value === "string" && value !== "" ? value : undefined;
}
