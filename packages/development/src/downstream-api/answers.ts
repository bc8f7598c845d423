import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { JWTPayload } from "jose";
import { photoOf } from "./photo.ts";

const graphClientId = "00000003-0000-0000-c000-000000000000";
const challengeStart = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="${graphClientId}"`;
const bodyLimit = 16 * 1024 * 1024;

/** Answers an authorized request. */
export async function serve(request: IncomingMessage, response: ServerResponse, claims: JWTPayload): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead && pathname === "/v1.0/me") return sendJson(response, 200, me(claims));
  if (isRead && pathname === "/v1.0/me/photo/$value") return photo(response, claims);
  if (pathname === "/v1.0/echo" || pathname.startsWith("/v1.0/echo/")) return echo(request, response);
  if (isRead && pathname === "/v1.0/redirect") {
    response.writeHead(302, { location: searchParams.get("to") ?? "/v1.0/me" }).end();
    return;
  }
  const [segment = ""] = pathname.replace(/^\/v1\.0\//, "").split("/");
  sendError(response, 404, "ResourceNotFound", `Resource not found for the segment '${segment}'.`);
}

/** The profile of the token's owner, shaped as Graph's `user`. */
function me(claims: JWTPayload): Record<string, unknown> {
  return {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
    businessPhones: [],
    displayName: claims["name"] ?? null,
    givenName: claims["given_name"] ?? null,
    jobTitle: null,
    mail: claims["email"] ?? null,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: claims["family_name"] ?? null,
    userPrincipalName: claims["upn"] ?? null,
    id: claims["oid"] ?? null,
  };
}

/** Guests (whose tokens name their home in `idp`) have no photo here. */
function photo(response: ServerResponse, claims: JWTPayload): void {
  if (claims["idp"] !== undefined) return sendError(response, 404, "ImageNotFound", "The photo wasn't found.");
  const image = photoOf(String(claims["oid"]));
  response.writeHead(200, { "content-type": "image/png", "content-length": image.length, etag: `"${image.length}"` });
  response.end(image);
}

/** Returns the request, without its token. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) return sendError(response, 413, "RequestTooLarge", "The request body is too large.");
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  sendJson(response, 200, {
    method: request.method,
    path: request.url,
    headers: { ...request.headers, authorization: "Bearer (verified)" },
    body: body.toString("utf8"),
    bodyBase64: body.toString("base64"),
  });
}

/** 401 as Graph answers it (RFC 6750, section 3). */
export function unauthorized(response: ServerResponse, message: string): void {
  response.setHeader("www-authenticate", challengeStart);
  sendError(response, 401, "InvalidAuthenticationToken", message);
}

/** 401 with a claims challenge, its JSON in base64, as Continuous Access Evaluation sends it. */
export function claimsChallenge(response: ServerResponse, claims: string): void {
  const encoded = Buffer.from(claims).toString("base64");
  response.setHeader("www-authenticate", `${challengeStart}, error="insufficient_claims", claims="${encoded}"`);
  const message =
    "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp";
  sendError(response, 401, "InvalidAuthenticationToken", message);
}

/** An error in Graph's envelope. */
export function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const requestId = randomUUID();
  const innerError = {
    date: new Date().toISOString().slice(0, 19),
    "request-id": requestId,
    "client-request-id": requestId,
  };
  response.setHeader("request-id", requestId);
  sendJson(response, status, { error: { code, message, innerError } });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
  });
  response.end(text);
}
