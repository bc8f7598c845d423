import { asciiLowerCase } from "../core/encoding.ts";
import type { SettingsReader } from "./settings-reader.ts";
import type { Setting } from "./setting.ts";

/** Fields that HTTP itself sets, or the app. */
const notForSettings = new Set([
  "connection",
  "content-length",
  "cookie",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "traceparent",
  "transfer-encoding",
  "upgrade",
]);

/** A token of RFC 9110 section 5.6.2 without the underscore. That stands for a hyphen, which settings in Azure cannot have. */
const fieldName = /^[!#$%&'*+.^`|~\da-z-]{1,64}$/;

/**
 * Reads the header fields of every call of an API, by name in lower case.
 * @param setting the setting whose name ends in `<Name>`
 * @param isAnonymous whether `Authorization` may be among them
 */
export function readFixedHeaders(
  read: SettingsReader,
  setting: Setting,
  isAnonymous: boolean,
): Readonly<Record<string, string>> {
  const prefix = setting.name.replace("<Name>", "");
  const headers: Record<string, string> = {};
  for (const spelled of read.spelled(new RegExp(`^${prefix}.`, "i"))) {
    const named = { ...setting, name: spelled };
    const name = asciiLowerCase(spelled.slice(prefix.length)).replaceAll("_", "-");
    const isOurs = notForSettings.has(name) || (name === "authorization" && !isAnonymous);
    const value = read.required(named, (text) => /^[\x20-\x7e]*$/.test(text));
    if (!fieldName.test(name) || isOurs || Object.hasOwn(headers, name)) read.fail(named);
    headers[name] = value;
  }
  return headers;
}
