import { asciiLowerCase } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import { asciiContentDisposition } from "./content-disposition.ts";
import { inUtf8Bytes, isPrintable } from "./field-values.ts";
import { isWithheldFromApis, isWithheldFromBrowsers } from "./withheld-fields.ts";

/**
 * Refuses a request that asks for more than one request and one answer: passing it on without the field would change what it
 * means. `TE` is just dropped: it only says what the browser can receive, and some browsers send it with every request.
 * @throws {ProblemError} `expectation_failed` or `framing_unsupported`
 */
export function refuseUnsupportedFraming(headers: Headers): void {
  // RFC 9110 section 10.1.1. Clients then repeat the request without it.
  if (headers.has("expect")) throw new ProblemError("expectation_failed", "Send the request without Expect.");
  // Sections 7.8 and 6.6.2: another protocol on this connection, such as WebSocket, and fields after the body.
  const name = ["Upgrade", "Trailer"].find((each) => headers.has(each));
  if (name !== undefined) throw new ProblemError("framing_unsupported", `Send the request without ${name}.`);
}

/**
 * The request fields forwarded to the API, by name in lower case: all but the withheld ones. Node sends the values as UTF-8.
 */
export function fieldsForApi(headers: Headers): Record<string, string> {
  const named = namedBy(headers.get("connection"));
  const passed = [...headers].filter(([name]) => !named.has(name) && !isWithheldFromApis(name));
  return Object.fromEntries(passed.map(([name, value]) => [name, inUtf8Bytes(value)]));
}

/**
 * The fields of an API's answer passed on to the browser: all but the withheld ones. Only ASCII can be sent: a file name is
 * encoded, and any other field that is not ASCII is left out.
 * @param fields names in lower case, values with one character for each byte
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
