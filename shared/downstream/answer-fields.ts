import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { inertType } from "../http/fetch-metadata.ts";
import { textOf } from "../http/field-values.ts";
import { fieldsForBrowser } from "../http/forwarded-fields.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { fieldOf, type ApiAnswer, type Field } from "./exchange.ts";
import { markedAnswer } from "./private-caching.ts";

/**
 * The header fields with which an API's answer goes to the browser.
 * @param target the URL that was called
 * @param asked fields of the browser's request
 */
export function answerFields(
  answer: ApiAnswer,
  api: DownstreamApiConfiguration,
  session: ResolvedSession,
  target: URL,
  asked: Headers,
): Record<string, string> {
  const fields = fieldsForBrowser(withLocations(answer.fields, api, target));
  const type = fields["content-type"];
  return {
    ...fields,
    ...(type !== undefined && { "content-type": inertType(asked, type) }),
    ...markedAnswer(api, session, fieldOf(answer, "cache-control"), fields),
    ...lengthField(answer),
  };
}

/** The length of the body, or of that of a GET. Without it, browsers show no progress of a download. */
function lengthField(answer: ApiAnswer): Record<string, string> {
  const value = fieldOf(answer, "content-length");
  const hasNone = answer.status === 204 || answer.status === 205;
  return value === null || hasNone ? {} : { "content-length": value };
}

/**
 * The fields of an API's answer, with `Location` and `Content-Location` (RFC 9110 sections 10.2.2 and 8.7) as the browser has
 * to read them. A value that is not a URL is left out.
 * @param target the URL that was called, to which relative references are relative
 */
export function withLocations(fields: readonly Field[], api: DownstreamApiConfiguration, target: URL): Field[] {
  return fields.flatMap(([name, value]): Field[] => {
    if (name !== "location" && name !== "content-location") return [[name, value]];
    const location = locationForBrowser(api, target, textOf(value));
    return location === undefined ? [] : [[name, location]];
  });
}

/**
 * A location below the API's base URL becomes an address of `/api/{name}/…`. Any other becomes absolute, because a browser
 * would read a relative one as an address of this app.
 */
function locationForBrowser(
  { publicPath, baseUrl }: DownstreamApiConfiguration,
  target: URL,
  value: string,
): string | undefined {
  const url = URL.parse(value, target.href);
  if (!url) return undefined;
  const base = new URL(`${baseUrl}/`);
  const isBelow = url.origin === base.origin && `${url.pathname}/`.startsWith(base.pathname);
  if (!isBelow || url.username !== "" || url.password !== "") return url.href;
  return `${publicPath}/${url.pathname.slice(base.pathname.length)}${url.search}${url.hash}`;
}
