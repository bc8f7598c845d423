import { randomUUID } from "node:crypto";
import { errors, type KoaContextWithOIDC } from "oidc-provider";

/** What Entra adds to an OAuth error. */
interface EntraErrorDetails {
  /** The number in `AADSTS…`. */
  readonly code: number;
  readonly suberror?: string;
  /** The claims challenge, as JSON. */
  readonly claims?: string;
}

/** An error of the token endpoint that knows its AADSTS code. */
export class EntraTokenError extends errors.CustomOIDCProviderError {
  readonly details: EntraErrorDetails;
  constructor(error: string, description: string, details: EntraErrorDetails) {
    super(error, description);
    this.details = details;
  }
}

/** The body of a token error response, shaped as Entra's (RFC 6749, section 5.2, with Entra's additions). */
export function tokenErrorBody(ctx: KoaContextWithOIDC, error: Error): Record<string, unknown> {
  const { name, description, ...details } = describe(error);
  const correlationId = ctx.get("client-request-id") || randomUUID();
  const traceId = randomUUID();
  const timestamp = `${new Date().toISOString().slice(0, 19).replace("T", " ")}Z`;
  return {
    error: name,
    error_description: `AADSTS${details.code}: ${description} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [details.code],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    ...(details.suberror === undefined ? {} : { suberror: details.suberror }),
    ...(details.claims === undefined ? {} : { claims: details.claims }),
  };
}

function describe(error: Error): EntraErrorDetails & { name: string; description: string } {
  const description =
    error instanceof errors.OIDCProviderError ? (error.error_description ?? error.message) : error.message;
  const name = error instanceof errors.OIDCProviderError ? error.error : "server_error";
  if (error instanceof EntraTokenError) return { name, description, ...error.details };
  const detail = error instanceof errors.OIDCProviderError ? error.error_detail : undefined;
  const known = knownErrors.find(({ pattern }) => pattern.test(`${detail ?? ""} ${description}`));
  return known === undefined ? { name, description, code: 90000 } : { name, ...known };
}

/** oidc-provider's errors, in Entra's terms. */
const knownErrors: readonly { pattern: RegExp; code: number; description: string }[] = [
  {
    pattern: /client not found/,
    code: 700016,
    description: "Application with that identifier was not found in the directory.",
  },
  { pattern: /invalid secret/, code: 7000215, description: "Invalid client secret provided." },
  {
    pattern: /mechanism does not match|no client authentication/,
    code: 7000218,
    description: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
  },
  {
    pattern: /client_assertion|assertion|audience \(aud\)/,
    code: 700027,
    description: "The client assertion failed validation.",
  },
  { pattern: /code already consumed/, code: 54005, description: "OAuth2 Authorization code was already redeemed." },
  { pattern: /code is expired/, code: 70008, description: "The provided authorization code is expired." },
  {
    pattern: /code_verifier|code_challenge/,
    code: 501481,
    description: "The Code_Verifier does not match the code_challenge of the authorization request.",
  },
  {
    pattern: /redirect_uri mismatch/,
    code: 500112,
    description: "The reply address does not match the reply address provided when requesting the authorization code.",
  },
  { pattern: /missing required parameter/, code: 900144, description: "The request body lacks a required parameter." },
  {
    pattern: /unsupported grant_type|grant type/i,
    code: 70003,
    description: "The app requested an unsupported grant type.",
  },
  { pattern: /not found|mismatch/, code: 70000, description: "The provided grant is invalid or malformed." },
];
