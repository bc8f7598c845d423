import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { CosmosError, notImplemented } from "./responses.ts";

/** The parts of a request that its signature covers. `resourceLink` is unencoded, `dbs/auth/colls/accounts/docs/1`. */
export interface SignedRequest {
  readonly method: string;
  readonly resourceType: string;
  readonly resourceLink: string;
  readonly headers: IncomingHttpHeaders;
}

/** Returns when the request is signed with the account key. Throws {@link CosmosError} 401, or 501 for other schemes. */
export type Authorize = (request: SignedRequest) => void;

const OTHER_SCHEMES = new Map([
  ["aad", "authorization with Microsoft Entra ID; use the account key"],
  ["resource", "authorization with resource tokens; use the account key"],
]);

/**
 * Verifies the master-key signature ("Access control in the Azure Cosmos DB SQL API"): HMAC-SHA-256 of method, resource
 * type, resource link and date. The date is not compared with a clock, because tests may change theirs.
 */
export function masterKeyAuthorization(accountKey: string): Authorize {
  const key = createSecretKey(Buffer.from(accountKey, "base64"));
  return function authorize({ method, resourceType, resourceLink, headers }) {
    const presented = presentedSignature(headers.authorization);
    const date = headers["x-ms-date"] ?? headers.date;
    if (typeof date !== "string") throw unauthorized("The x-ms-date header is missing.");
    const text = `${method.toLowerCase()}\n${resourceType}\n${resourceLink}\n${date.toLowerCase()}\n\n`;
    const expected = createHmac("sha256", key).update(text).digest();
    if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) {
      throw unauthorized("The signature does not match: the account key of the client is not the key of this account.");
    }
  };
}

function presentedSignature(header: string | undefined): Buffer {
  if (header === undefined) throw unauthorized("The authorization header is missing.");
  const [, type = "", signature = ""] = /^type=(\w+)&ver=1\.0&sig=(.+)$/s.exec(decoded(header)) ?? [];
  const otherScheme = OTHER_SCHEMES.get(type);
  if (otherScheme !== undefined) throw notImplemented(otherScheme);
  if (type !== "master") throw unauthorized("The authorization header is not of the form type=master&ver=1.0&sig=...");
  return Buffer.from(signature, "base64");
}

function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    throw unauthorized("The authorization header is not percent-encoded.");
  }
}

function unauthorized(message: string): CosmosError {
  return new CosmosError(401, message);
}
