import { asciiLowerCase } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import { asciiContentDisposition } from "./content-disposition.ts";
import { inUtf8Bytes, isPrintable } from "./field-values.ts";
import { isWithheldFromApis, isWithheldFromBrowsers } from "./withheld-fields.ts";

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

/** Fields of a browser's request for an API, by name in lower case: all but the withheld ones, as UTF-8 in a character a byte. */
export function fieldsForApi(headers: Headers): Record<string, string> {
  const named = namedBy(headers.get("connection"));
  const passed = [...headers].filter(([name]) => !named.has(name) && !isWithheldFromApis(name));
  return Object.fromEntries(passed.map(([name, value]) => [name, inUtf8Bytes(value)]));
}

/**
 * Fields of an API's answer for a browser: all but the withheld ones. What is not ASCII cannot be sent: a file name is encoded,
 * every other such field is left out.
 * @param fields names in lower case, values a character a byte
 */
export function fieldsForBrowser(fields: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  const named = new Set(fields.flatMap(([name, value]) => (name === "connection" ? [...namedBy(value)] : [])));
  const passed: Record<string, string> = {};
  for (const [name, value] of fields) {
    if (named.has(name) || isWithheldFromBrowsers(name)) continue;
    const text = name === "content-disposition" ? asciiContentDisposition(value) : value;
    if (!isPrintable(text)) continue;
    const before = passed[name];
    passed[name] = before === undefined ? text : `${before}, ${text}`;
  }
  return passed;
}

/** The fields that `Connection` says are for this connection alone (RFC 9110 section 7.6.1), in lower case. */
function namedBy(connection: string | null): ReadonlySet<string> {
  return new Set((connection ?? "").split(",").map((name) => asciiLowerCase(name.trim())));
}
