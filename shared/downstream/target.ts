import type { DownstreamApiConfiguration } from "../config.ts";
import { ConditionError } from "../errors.ts";

/** What a path of an API cannot contain, in plain or encoded spelling: ways up, other hosts, control characters. */
const forbidden = /[^!-[\]-~]|%(?:2f|5c|0[0-9a-f]|1[0-9a-f]|7f|2e)/i;
/** With a semicolon too: some servers take what follows it for parameters of the segment. */
const dotSegment = /(?:^|\/)\.{1,2}(?:[/;]|$)/;

/**
 * URL of the API that a request to `/api/{api}/{*path}` is for, never outside of the API's base URL.
 * @param requestUrl the raw path is used: the route parameter has been decoded already, and what was encoded must stay so
 * @throws {ConditionError} `api_path_invalid`
 */
export function targetUrl({ name, baseUrl }: DownstreamApiConfiguration, requestUrl: string): URL {
  const { pathname, search } = new URL(requestUrl);
  const [, api, path] = /^\/api\/([^/]+)\/?(.*)$/i.exec(pathname) ?? [];
  // Dot segments may have been resolved on the way here: then this is no longer the API that the router saw.
  if (
    api?.toLowerCase() !== name ||
    path === undefined ||
    forbidden.test(path) ||
    dotSegment.test(path) ||
    path.startsWith("/")
  )
    throw invalidPath();
  const target = new URL(`${baseUrl}/${path}${search}`);
  // The checks above leave no way out; this is what they promise.
  const base = new URL(`${baseUrl}/`);
  if (target.origin !== base.origin || !target.pathname.startsWith(base.pathname)) throw invalidPath();
  return target;
}

function invalidPath(): ConditionError {
  return new ConditionError("api_path_invalid", "The path must be a plain one below the API's base URL.");
}
