import { ProblemError } from "../core/errors.ts";

/**
 * Refuses a request that asks for more than one request and one answer: to let it pass without that would change what it means.
 * `TE` says only what the browser could receive, and some say so in every request: it is left out.
 * @throws {ProblemError} `expectation_failed` or `framing_unsupported`
 */
export function refuseUnkeptFraming(headers: Headers): void {
  // RFC 9110 section 10.1.1. Clients then send the same without it.
  if (headers.has("expect")) throw new ProblemError("expectation_failed", "Send the request without Expect.");
  // Sections 7.8 and 6.6.2: another protocol on this connection, such as WebSocket, and fields after the body.
  const name = ["Upgrade", "Trailer"].find((each) => headers.has(each));
  if (name !== undefined) throw new ProblemError("framing_unsupported", `Send the request without ${name}.`);
}
