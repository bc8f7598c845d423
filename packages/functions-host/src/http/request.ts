import type { IncomingMessage } from "node:http";
import type { NullableString } from "../worker/core-types.ts";
import { sentMethodOf } from "./method-case.ts";
import { readPath } from "./request-path.ts";

/** A request's head, checked as Kestrel checks it, in the form in which the host passes it on. */
export interface RequestHead {
  /** In the case in which it was sent. */
  readonly method: string;
  /** Decoded but for `%2F`: for routing. */
  readonly path: string;
  /** As sent, with its "?"; "" when there is none. */
  readonly query: string;
  readonly url: string;
  /** By lower-case name; repeated headers joined with a comma. */
  readonly headers: Record<string, NullableString>;
  /** Bytes; 0 when the request has no Content-Length. */
  readonly contentLength: number;
}

/** Kestrel's defaults, in bytes except for the count. */
export const limits = { requestLine: 8 * 1024, headers: 32 * 1024, headerCount: 100 } as const;

/** A request the server refuses before any function sees it: the status to answer with. */
export type Refusal = 400 | 404 | 414 | 431;

/** Reads and checks a request's head. */
export function readHead(request: IncomingMessage): RequestHead | Refusal {
  const { url: target = "" } = request;
  const method = sentMethodOf(request);
  if (method.length + target.length + " ".length * 2 + "HTTP/1.1\r\n".length > limits.requestLine) return 414;
  if (/[^\x21-\x7e]/.test(target)) return 400;
  const headers = readHeaders(request.rawHeaders);
  if (typeof headers === "number") return headers;
  // HTTP/1.0 knows no Host.
  if (headers["host"] === undefined && request.httpVersion === "1.0") headers["host"] = { value: "" };
  return withTarget(method, target, headers, request.headers["content-length"]);
}

function withTarget(
  method: string,
  target: string,
  headers: Record<string, NullableString>,
  contentLength: string | undefined,
): RequestHead | Refusal {
  if (target === "*") return method.toUpperCase() === "OPTIONS" ? 404 : 400;
  const host = headers["host"]?.value;
  if (host === undefined || host === null || !(host === "" || isHost(host))) return 400;
  const originForm = toOriginForm(target, host);
  if (originForm === undefined) return 400;
  const queryStart = originForm.indexOf("?");
  const path = readPath(queryStart < 0 ? originForm : originForm.slice(0, queryStart));
  if (path === undefined) return 400;
  const query = queryStart < 0 ? "" : originForm.slice(queryStart);
  return {
    method,
    path: path.decoded,
    query,
    url: `http://${host}${path.encoded}${query}`,
    headers,
    contentLength: Number(contentLength ?? 0),
  };
}

function readHeaders(raw: readonly string[]): Record<string, NullableString> | Refusal {
  if (raw.length / 2 > limits.headerCount) return 431;
  const headers: Record<string, NullableString> = Object.create(null) as Record<string, NullableString>;
  let size = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    const value = readHeaderValue(raw[index + 1] ?? "");
    size += name.length + (raw[index + 1] ?? "").length + ": \r\n".length;
    const known = headers[name];
    if (value === undefined || (known !== undefined && name === "host")) return 400;
    headers[name] = known === undefined ? { value } : { value: `${known.value ?? ""},${value}` };
  }
  return size > limits.headers ? 431 : headers;
}

/** U+FEFF stays, as in Kestrel: if a decoder dropped it, two different names would become one. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Node reads header bytes as Latin-1; Kestrel reads them as UTF-8 and refuses what is not.
function readHeaderValue(value: string): string | undefined {
  if (!/[^\0-\x7f]/.test(value)) return value;
  try {
    return utf8.decode(Buffer.from(value, "latin1"));
  } catch {
    return undefined;
  }
}

let lastGoodHost = "";

function isHost(host: string): boolean {
  if (host === lastGoodHost) return true;
  const wellFormed =
    /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=-]+)(?::\d{1,5})?$/i.test(host) && URL.canParse(`http://${host}/`);
  if (wellFormed) lastGoodHost = host;
  return wellFormed;
}

// RFC 9112 section 3.2: an absolute target must name the host that the Host header names.
function toOriginForm(target: string, host: string): string | undefined {
  if (target.startsWith("/")) return target;
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? [];
  if (authority === undefined || authority.toLowerCase() !== host.toLowerCase()) return undefined;
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/**
 * Reads a body of the announced length.
 * @returns `undefined` when the client went away before it was complete.
 */
export function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    });
    request.on("error", () => {
      resolve(undefined);
    });
    request.on("close", () => {
      resolve(undefined);
    });
  });
}
