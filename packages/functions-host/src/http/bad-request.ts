import type { Duplex } from "node:stream";
import { limits } from "./request.ts";

/** What Node reports about bytes that are not a request. */
export interface ParseError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  408: "Request Timeout",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  505: "HTTP Version Not Supported",
};

/** Answers what could not be read as an HTTP request, and closes the connection. */
export function answerUnreadable(error: ParseError, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else closeWith(socket, statusFor(error));
}

/** Sends a bare status on a connection that has no request, and closes it. */
export function closeWith(socket: Duplex, status: number): void {
  const head = `HTTP/1.1 ${status} ${reasons[status] ?? ""}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}

function statusFor({ code, rawPacket }: ParseError): number {
  const text = rawPacket?.toString("latin1") ?? "";
  if (code === "HPE_HEADER_OVERFLOW") return text.slice(0, limits.requestLine).includes("\r\n") ? 431 : 414;
  if (code === "HPE_INVALID_VERSION") return 505;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  // Kestrel takes any token as a method; no function has one that Node does not know.
  const isUnknownMethod = code === "HPE_INVALID_METHOD" && /^[!#$%&'*+\-.^_`|~\w]+ \S+ HTTP\/1\.[01]\r\n/.test(text);
  return isUnknownMethod ? 404 : 400;
}
