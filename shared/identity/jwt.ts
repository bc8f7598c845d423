import { setTimeout as delay } from "node:timers/promises";
import {
  createRemoteJWKSet,
  customFetch,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from "jose";
import { withinDeadline } from "../core/deadline.ts";
import { ConditionError, type ConditionCode } from "../core/errors.ts";
import { fillTenant, keyFinder, tenantTemplate } from "./key-issuer.ts";
import type { AuthorityMetadata } from "./metadata.ts";
import { heeding, createPauses } from "./pause.ts";
import { unavailable } from "./errors.ts";

/** Keys by `jwks_uri`, each set kept and refreshed by jose. */
export type SigningKeys = (jwksUri: string) => JWTVerifyGetKey;

/** The platform's recommendation for clocks that differ. */
export const clockToleranceSeconds = 300;
const algorithms = ["RS256"];

/**
 * Between two readings of a key set. Anybody can send tokens with made-up key ids: that brings the identity provider no
 * more than a request every two seconds.
 */
const keysPauseMs = 2_000;
/** Timers may run a little early. */
const marginMs = 20;

export function signingKeys(pauseMs = keysPauseMs): SigningKeys {
  let current: { uri: string; keys: JWTVerifyGetKey } | undefined;
  return (uri) => {
    if (current?.uri !== uri) current = { uri, keys: remoteKeys(new URL(uri), pauseMs) };
    return current.keys;
  };
}

/**
 * A key that is in no set read so far may have been made a moment ago. To refuse its token would lose a sign-out: not
 * every identity provider sends a logout token again. So a token is refused only by keys that were read after it came,
 * which takes as long as the pause. Tokens that wait together share one reading.
 */
function remoteKeys(uri: URL, pauseMs: number): JWTVerifyGetKey {
  const pause = createPauses();
  const keys = createRemoteJWKSet(uri, {
    timeoutDuration: 4_000,
    cooldownDuration: pauseMs,
    [customFetch]: async (url, init) => heeding(pause, async () => fetch(url, init)),
  });
  const find: JWTVerifyGetKey = async (header, token) => {
    // Then jose does not read them anew for this token.
    const wasJustRead = keys.coolingDown;
    try {
      return await keys(header, token);
    } catch (error) {
      if (!wasJustRead || !(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await delay(pauseMs + marginMs);
      return keys(header, token);
    }
  };
  return async (header, token) => {
    try {
      await find(header, token);
    } catch (error) {
      // It signs with some key: a set without any says nothing about the token.
      if (keys.jwks()?.keys.length === 0) throw new Error("The key set is empty", { cause: error });
      // Keys of different issuers may share an id.
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    }
    return keyFinder(keys.jwks() ?? { keys: [] })(header, token);
  };
}

/** `jwtVerify` with each of several keys that fit: an identity provider may reuse a key's id. */
async function verifyWithAny(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (wrongKey) {
        if (!(wrongKey instanceof errors.JWSSignatureVerificationFailed)) throw wrongKey;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

export interface TokenExpectations {
  readonly metadata: AuthorityMetadata;
  readonly keys: SigningKeys;
  readonly clientId: string;
  readonly requiredClaims: readonly string[];
  /** Seconds since `iat`; without it only `exp` counts. */
  readonly maxAgeSeconds?: number;
  /** The condition that a token which is not valid stands for. */
  readonly code: ConditionCode;
  /** The one for a token that is not valid now, where that says something about the clocks. */
  readonly timesCode?: ConditionCode;
  /** The time that the token must be valid at, in milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

export interface VerifiedToken {
  readonly payload: JWTPayload;
  readonly type: string | undefined;
  /** A claim that must be a text and not empty. */
  required(claim: string): string;
  /** A claim that may be missing. */
  optional(claim: string): string | undefined;
  /** The error for a token whose claim is wrong. */
  invalid(claim: string): ConditionError;
}

/**
 * Verifies a token that the identity provider issued for this app: signature, issuer, audience and times.
 * @throws {ConditionError} with the expected code when the token is not valid
 * @throws {IdentityProviderUnavailableError} when the signing keys cannot be read
 */
export async function verifyToken(token: string, expected: TokenExpectations): Promise<VerifiedToken> {
  const { code, timesCode = code } = expected;
  const invalid = (what: string, cause?: unknown, condition = code) =>
    new ConditionError(condition, `The token is not valid: ${what}.`, { cause });
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
  // jose looks at the time of issue only where a token has a greatest age.
  if ((payload.iat ?? 0) > expected.now / 1000 + clockToleranceSeconds) throw invalid("iat", undefined, timesCode);
  // With several audiences, azp must name this app; the platform issues one audience only.
  if (Array.isArray(payload.aud) && payload.aud.length > 1) throw invalid("aud");
  if (!isIssuer(expected.metadata, required("iss"), optional("tid"))) throw invalid("iss");
  return { payload, type: protectedHeader.typ, required, optional, invalid: (claim) => invalid(claim) };
}

/** Under a multi-tenant authority the metadata's issuer is a template, to be filled with the token's tenant. */
function isIssuer({ issuer }: AuthorityMetadata, claimed: string, tenantId: string | undefined): boolean {
  if (!issuer.includes(tenantTemplate)) return claimed === issuer;
  return tenantId !== undefined && claimed === fillTenant(issuer, tenantId);
}

/** Whether the token is bad, rather than the keys to judge it by not to be had. */
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
