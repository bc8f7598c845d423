import type { ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { RpcHttp } from "../worker/core-types.ts";
import { writeCookie } from "./cookies.ts";
import { spellHeader } from "./known-headers.ts";

/** A function's response that the host cannot send. The client gets 500 (or `status`) without a body. */
export class UnsendableResponseError extends Error {
  override readonly name = "UnsendableResponseError";
  readonly status: 500 | 501;

  constructor(message: string, status: 500 | 501 = 500) {
    super(message);
    this.status = status;
  }
}

/**
 * Sends what a function returned.
 * @returns the status sent
 * @throws {UnsendableResponseError} before anything was sent: for a header or cookie that HTTP does not allow, or a
 *   response that this host does not support
 */
export function sendRpcHttp(response: ServerResponse, rpc: RpcHttp, closing: boolean): number {
  const status = Number(rpc.statusCode ?? 200);
  if (rpc.enableContentNegotiation === true) {
    throw new UnsendableResponseError("enableContentNegotiation is not supported by the local functions host", 501);
  }
  const body = rpc.body?.bytes ?? new Uint8Array();
  const isHead = response.req.method === "HEAD";
  const length = contentLength(status, isHead, rpc.headers?.["content-length"], body.byteLength);
  const headers = [...writeHeaders(rpc), ...writeCookies(rpc)];
  if (length !== undefined) headers.push("Content-Length", length);
  if (closing) headers.push("Connection", "close");
  response.writeHead(status, headers);
  endWith(response, body);
  return status;
}

const singleWrite = 16 * 1024;

// Text is sent in one write with the head, bytes in a second one. For a small body, Latin-1 text with the same bytes is
// cheaper.
function endWith(response: ServerResponse, body: Uint8Array): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > singleWrite) response.end(bytes);
  else response.end(bytes.toString("latin1"), "latin1");
}

/** Sends a status and nothing else. */
export function sendStatus(response: ServerResponse, status: number, closing: boolean): number {
  const headers = status === 204 ? [] : ["Content-Length", "0"];
  if (closing) headers.push("Connection", "close");
  response.writeHead(status, headers);
  response.end();
  return status;
}

/**
 * Breaks off an answer that has begun, by resetting the connection, so that the browser does not take it for complete.
 */
export function breakOff(response: ServerResponse): void {
  const { socket } = response;
  // A connection that was continued in upper case is not one of Node's sockets.
  if (socket instanceof Socket) socket.resetAndDestroy();
  else response.destroy();
}

/** Sends a short text. */
export function sendText(response: ServerResponse, status: number, contentType: string, text: string): number {
  const body = Buffer.from(text);
  response.writeHead(status, { "Content-Type": contentType, "Content-Length": body.length });
  response.end(body);
  return status;
}

// Without a length, the answer is chunked, even if its length is known. After HEAD, 204 and 304, nothing follows.
function contentLength(status: number, isHead: boolean, given: string | undefined, actual: number): string | undefined {
  if (status === 204) return undefined;
  if (status === 205) return "0";
  if (status === 304 || isHead || given === undefined || given === String(actual)) return given;
  throw new UnsendableResponseError(`the function set Content-Length ${given} on a body of ${actual} bytes`);
}

function writeHeaders({ headers }: RpcHttp): string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (name === "transfer-encoding") throw new UnsendableResponseError("a function must not set Transfer-Encoding");
    checkValue(name, value);
    if (name !== "content-length") lines.push(spellHeader(name), value);
  }
  return lines;
}

function writeCookies({ cookies }: RpcHttp): string[] {
  return (cookies ?? []).flatMap((cookie) => {
    try {
      return ["Set-Cookie", checkValue("set-cookie", writeCookie(cookie))];
    } catch (error) {
      throw error instanceof RangeError ? new UnsendableResponseError(error.message) : error;
    }
  });
}

function checkValue(name: string, value: string): string {
  if (/[^\t\x20-\x7e]/.test(value)) {
    throw new UnsendableResponseError(`the header "${name}" has a character that is not printable ASCII`);
  }
  return value;
}
