import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { textOf } from "../http/field-values.ts";
import type { Field } from "./exchange.ts";

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
