import type { Configuration } from "../configuration/configuration.ts";
import { asciiLowerCase, isRecord } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import type { KeptClaims } from "./account-claims.ts";
import { clockToleranceSeconds, verifyToken } from "./jwt.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { AuthorityMetadata } from "./metadata.ts";

/**
 * The claims of the Microsoft identity platform's ID tokens that the app uses. `sid` and `login_hint` are optional claims,
 * which the app registration has to ask for.
 */
export interface IdTokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly tenantId: string;
  readonly objectId: string;
  readonly name: string;
  readonly username: string;
  readonly sid: string | undefined;
  readonly loginHint: string | undefined;
  readonly kept: KeptClaims;
}

export interface IdTokenExpectations {
  readonly metadata: AuthorityMetadata;
  readonly keys: SigningKeys;
  readonly azureAd: Pick<Configuration["azureAd"], "clientId" | "allowedTenants">;
  readonly nonce: string;
  /** Further claims that the app wants to keep. */
  readonly keptClaims?: readonly string[] | undefined;
  /** The earliest time at which the person may have proved who they are, in milliseconds since the epoch. */
  readonly authenticatedSince?: number | undefined;
  /** In milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/**
 * Verifies an ID token (OpenID Connect Core 1.0 section 3.1.3.7): signature, issuer, audience, times, nonce, and whether
 * its tenant may use the app. MSAL checks none of these but the nonce.
 * @throws {ProblemError} `signin_invalid`, `clock_skew` or `tenant_not_allowed`
 * @throws {IdentityProviderUnavailableError} when the signing keys cannot be read
 */
export async function verifyIdToken(idToken: string, expected: IdTokenExpectations): Promise<IdTokenClaims> {
  const { metadata, keys, azureAd, nonce, authenticatedSince, now, signal } = expected;
  const token = await verifyToken(idToken, {
    metadata,
    keys,
    clientId: azureAd.clientId,
    requiredClaims: ["iss", "sub", "exp", "iat", "nonce", "tid", "oid"],
    code: "signin_invalid",
    // The token was issued a moment ago for this very sign-in, so a wrong time means a wrong clock.
    timesCode: "clock_skew",
    now,
    signal,
  });
  if (token.payload["nonce"] !== nonce) throw token.invalid("nonce");
  if (authenticatedSince !== undefined && !isSince(token.payload["auth_time"], authenticatedSince)) {
    throw token.invalid("auth_time");
  }
  const tenantId = token.required("tid");
  if (azureAd.allowedTenants.length > 0 && !azureAd.allowedTenants.includes(asciiLowerCase(tenantId))) {
    throw new ProblemError("tenant_not_allowed", "Sign in with an account of an organization that this app is for.");
  }
  const username = token.optional("preferred_username") ?? token.optional("email") ?? "";
  return {
    issuer: token.required("iss"),
    subject: token.required("sub"),
    tenantId,
    objectId: token.required("oid"),
    name: token.optional("name") ?? username,
    username,
    sid: token.optional("sid"),
    loginHint: token.optional("login_hint"),
    kept: keptClaims(token.payload, expected.keptClaims ?? []),
  };
}

/** `auth_time` is in seconds. A token without it does not pass (OpenID Connect Core 1.0 section 3.1.3.7, 13). */
function isSince(authTime: unknown, earliest: number): boolean {
  return typeof authTime === "number" && authTime >= earliest / 1000 - clockToleranceSeconds;
}

/** As many as Microsoft Entra puts into a token. */
const maxGroups = 200;
/** Every request reads them with the session. */
const maxFurtherBytes = 4_096;

/**
 * Roles and groups of a verified ID token, and the further claims that the app has named.
 * @throws {ProblemError} `session_too_large` for further claims of more than 4 KiB
 */
export function keptClaims(payload: Readonly<Record<string, unknown>>, names: readonly string[]): KeptClaims {
  const roles = texts(payload["roles"]);
  const groups = isOverage(payload) ? "too many" : texts(payload["groups"]);
  const further = Object.fromEntries(
    names.flatMap((name) => (Object.hasOwn(payload, name) ? [[name, payload[name]]] : [])),
  );
  if (Buffer.byteLength(JSON.stringify(further)) > maxFurtherBytes) {
    throw new ProblemError("session_too_large", "The claims that this app keeps of your account are too many.");
  }
  return {
    ...(roles.length > 0 && { roles }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(further).length > 0 && { further }),
  };
}

/** The token has a reference instead of the groups: `_claim_names`, or `hasgroups` from an authorization response. */
function isOverage(payload: Readonly<Record<string, unknown>>): boolean {
  const elsewhere = payload["_claim_names"];
  const isReferred = isRecord(elsewhere) && Object.hasOwn(elsewhere, "groups");
  return isReferred || payload["hasgroups"] === true || texts(payload["groups"]).length > maxGroups;
}

function texts(claim: unknown): readonly string[] {
  return Array.isArray(claim) ? claim.filter((value) => typeof value === "string") : [];
}
