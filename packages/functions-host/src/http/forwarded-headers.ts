import type { IncomingMessage } from "node:http";
import { spellForwardedHeader } from "./known-headers.ts";

/** Links a forwarded request to its invocation in the worker. */
export const invocationIdHeader = "x-ms-invocation-id";

/** Headers that YARP forwards in neither direction. It does forward those that `Connection` names. */
const unforwarded = new Set([
  "alpn",
  "alt-svc",
  "close",
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "proxy-features",
  "proxy-instruction",
  "security-scheme",
  "te",
  "transfer-encoding",
  "upgrade",
  "upgrade-insecure-requests",
]);

/** A header that YARP or .NET's client refuses to forward; its name is for the log. */
export class UnforwardableHeaderError extends Error {
  override readonly name = "UnforwardableHeaderError";
  constructor(header: string) {
    super(`the header "${header}" has a character that is not printable ASCII, and is not forwarded`);
  }
}

/** What the host itself adds to a request. */
export interface ForwardedAs {
  readonly invocationId: string;
  /** As in the Host header; "" for none. */
  readonly host: string;
  readonly traceParent: string;
}

/**
 * The headers of the request to the worker: the browser's without hop-by-hop headers, and with this connection's
 * `X-Forwarded-*` in place of the browser's.
 * @throws {UnforwardableHeaderError} for a value with a character beyond ASCII
 */
export function requestHeaders(request: IncomingMessage, as: ForwardedAs): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (values === undefined || unforwarded.has(name) || name === "host") continue;
    const value = values.join(name === "cookie" ? "; " : ", ");
    headers[name] = checkValue(name, value);
  }
  delete headers["x-forwarded-prefix"];
  delete headers["x-forwarded-host"];
  if (as.host !== "") headers["x-forwarded-host"] = as.host;
  headers["x-forwarded-for"] = request.socket.remoteAddress ?? "";
  headers["x-forwarded-proto"] = "http";
  headers["traceparent"] = as.traceParent;
  headers[invocationIdHeader] = as.invocationId;
  if (isChunked(request) || headers["trailer"] !== undefined) inChunks(headers);
  if (isWebSocketUpgrade(request)) Object.assign(headers, { connection: "Upgrade", upgrade: "websocket" });
  return headers;
}

/** Whether the length of a request's body is not known before its end. */
export function isChunked({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined;
}

// Node's client sends a `Trailer` only so.
function inChunks(headers: Record<string, string>): void {
  headers["transfer-encoding"] = "chunked";
  delete headers["content-length"];
}

/** YARP forwards only this upgrade over HTTP/1.1, as a GET. The library answers it like any other request. */
export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  const names = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  return headers.upgrade?.toLowerCase() === "websocket" && names.includes("upgrade");
}

/**
 * The headers of the worker's answer as they go to the browser, name after value.
 * @throws {UnforwardableHeaderError} for a value that Kestrel does not send
 */
export function responseHeaders(answer: IncomingMessage): string[] {
  const lines: string[] = [];
  for (let index = 0; index < answer.rawHeaders.length; index += 2) {
    const [name = "", value = ""] = answer.rawHeaders.slice(index, index + 2);
    if (unforwarded.has(name.toLowerCase())) continue;
    lines.push(spellForwardedHeader(name), checkValue(name, value));
  }
  return lines;
}

function checkValue(name: string, value: string): string {
  if (/[^\t\x20-\x7e]/.test(value)) throw new UnforwardableHeaderError(name);
  return value;
}
