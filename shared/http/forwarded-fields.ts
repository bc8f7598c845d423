import { asciiLowerCase } from "../core/encoding.ts";
import { asciiContentDisposition } from "./content-disposition.ts";
import { inUtf8Bytes, isPrintable } from "./field-values.ts";
import { isWithheldFromApis, isWithheldFromBrowsers } from "./withheld-fields.ts";

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
