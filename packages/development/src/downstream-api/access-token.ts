import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from "jose";

/** What the API demands of a bearer token. */
export interface TokenRequirements {
  /** Accepted issuers; `{tenantid}` stands for the token's own `tid`. */
  readonly issuers: readonly string[];
  readonly audience: string;
  readonly jwks: () => Promise<unknown>;
}

/** Tokens whose signature need not be verified again. */
const mostVerified = 10_000;

/** Why a request is refused with 401; the message is Graph's. */
export class InvalidTokenError extends Error {}

/**
 * Verifies bearer tokens: signature, issuer, audience, time. The keys are fetched once, and again when a token names one
 * that is not among them. Throws InvalidTokenError, or what fetching the keys throws.
 */
export function createTokenVerifier({ issuers, audience, jwks }: TokenRequirements) {
  let keys: Promise<ReturnType<typeof createLocalJWKSet>> | undefined;
  // As many APIs do: a token comes with every call, and its signature costs more to verify than the rest of the answer.
  const verified = new Map<string, JWTPayload>();
  const fetchKeys = async () => {
    verified.clear();
    keys = jwks().then((document) => createLocalJWKSet(document as JSONWebKeySet));
    keys.catch(() => {
      keys = undefined;
    });
    return keys;
  };
  const verify = async (token: string, set: ReturnType<typeof createLocalJWKSet>) => {
    const { payload } = await jwtVerify(token, set, { audience, algorithms: ["RS256"] });
    const accepted = issuers.map((issuer) => issuer.replace("{tenantid}", String(payload["tid"])));
    if (!accepted.includes(payload.iss ?? ""))
      throw new InvalidTokenError("Access token validation failure. Invalid issuer.");
    return payload;
  };
  return async (token: string): Promise<JWTPayload> => {
    const earlier = verified.get(token);
    if (earlier?.exp !== undefined && earlier.exp > Date.now() / 1000) return earlier;
    const known = await (keys ?? fetchKeys());
    try {
      const payload = await verify(token, known).catch(async (error: unknown) => {
        if (error instanceof errors.JWKSNoMatchingKey) return verify(token, await fetchKeys());
        throw error;
      });
      if (verified.size >= mostVerified) verified.clear();
      verified.set(token, payload);
      return payload;
    } catch (error) {
      throw error instanceof errors.JOSEError ? new InvalidTokenError(messageOf(error)) : error;
    }
  };
}

function messageOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "Lifetime validation failed, the token is expired.";
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
    return "Access token validation failure. Invalid audience.";
  }
  return "Access token validation failure.";
}

/** Whose token it claims to be, unverified: for the record of requests only. */
export function claimedObjectId(token: string | undefined): string | undefined {
  try {
    const oid = token === undefined ? undefined : decodeJwt(token)["oid"];
    return typeof oid === "string" ? oid : undefined;
  } catch {
    return undefined;
  }
}
