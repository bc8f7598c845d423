import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

export interface ErrorDetail {
  readonly code: string;
  readonly target: string;
  readonly message: string;
}

/** An answer that is an error, with the code that Graph gives it. */
export class GraphError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: readonly ErrorDetail[];

  constructor(status: number, code: string, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.name = "GraphError";
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export function badRequest(message: string, details: readonly ErrorDetail[] = []): GraphError {
  return new GraphError(400, "Request_BadRequest", message, details);
}

/** The same answer for what does not exist and for what is not visible yet. */
export function notFound(key: string): GraphError {
  const message = `Resource '${key}' does not exist or one of its queried reference-property objects are not present.`;
  return new GraphError(404, "Request_ResourceNotFound", message);
}

/** For what the real Graph may support, but this one does not. */
export function notImplemented(what: string): GraphError {
  return new GraphError(501, "NotImplementedLocally", `The local Microsoft Graph does not do this: ${what}`);
}

export const insufficientPrivileges = new GraphError(
  403,
  "Authorization_RequestDenied",
  "Insufficient privileges to complete the operation.",
);

export const throttled = new GraphError(429, "TooManyRequests", "Too many requests.");

/** The error as Graph words it: `{"error":{"code","message","innerError"}}`. */
export function envelope({ code, message, details }: GraphError, requestId: string = randomUUID()): object {
  const innerError = {
    date: new Date().toISOString().slice(0, 19),
    "request-id": requestId,
    "client-request-id": requestId,
  };
  return { error: { code, message, ...(details.length > 0 && { details }), innerError } };
}

export function sendError(response: ServerResponse, error: GraphError): void {
  const requestId = randomUUID();
  response.setHeader("request-id", requestId);
  sendJson(response, error.status, envelope(error, requestId));
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-cache" });
  response.end(JSON.stringify(body));
}
