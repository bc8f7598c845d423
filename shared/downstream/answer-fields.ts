import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { inertType } from "../http/fetch-metadata.ts";
import { textOf } from "../http/field-values.ts";
import { fieldsForBrowser } from "../http/forwarded-fields.ts";
import type { ResolvedSession } from "../session/resolve.ts";
import { fieldOf, type ApiAnswer, type Field } from "./exchange.ts";
import { markedAnswer } from "./private-caching.ts";

/**
 * The fields that an API's answer goes to the browser with.
 * @param target what the API was asked for
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

/** The length of what follows, or would follow on GET. Without it there is no progress of a download. */
function lengthField(answer: ApiAnswer): Record<string, string> {
  const value = fieldOf(answer, "content-length");
  const hasNone = answer.status === 204 || answer.status === 205;
  return value === null || hasNone ? {} : { "content-length": value };
}

/**
 * The fields of an API's answer, with `Location` and `Content-Location` (RFC 9110 sections 10.2.2 and 8.7) as the browser has to
 * read them. What is no URL is left out.
 * @param target what was asked for: relative references are relative to it
 */
export function withLocations(fields: readonly Field[], api: DownstreamApiConfiguration, target: URL): Field[] {
  return fields.flatMap(([name, value]): Field[] => {
    if (name !== "location" && name !== "content-location") return [[name, value]];
    const location = locationForBrowser(api, target, textOf(value));
    return location === undefined ? [] : [[name, location]];
  });
}

/**
 * Below the API's base URL it becomes an address of `/api/{name}/…`. Every other one is absolute: a browser would read a
 * relative one as an address of this app.
 */
function locationForBrowser(
  { name, baseUrl }: DownstreamApiConfiguration,
  target: URL,
  value: string,
): string | undefined {
  const url = URL.parse(value, target.href);
  if (!url) return undefined;
  const base = new URL(`${baseUrl}/`);
  const isBelow = url.origin === base.origin && `${url.pathname}/`.startsWith(base.pathname);
  if (!isBelow || url.username !== "" || url.password !== "") return url.href;
  return `/api/${name}/${url.pathname.slice(base.pathname.length)}${url.search}${url.hash}`;
}
