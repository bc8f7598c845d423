import type { App } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { asciiLowerCase } from "../core/encoding.ts";
import { ConditionError } from "../core/errors.ts";

/** What a path of an API cannot contain, in plain or encoded spelling: ways up, other hosts, control characters. */
const forbidden = /[^!-[\]-~]|%(?:2f|5c|0[0-9a-f]|1[0-9a-f]|7f|2e)/i;
/** With a semicolon too: some servers take what follows it for parameters of the segment. */
const dotSegment = /(?:^|\/)\.{1,2}(?:[/;]|$)/;

/** @param name in any case. @throws {ConditionError} `api_unknown` */
export function configuredApi({ configuration }: App, name: string): DownstreamApiConfiguration {
  const api = configuration.downstreamApis.get(asciiLowerCase(name));
  if (!api) throw new ConditionError("api_unknown", "No API of this name is configured.");
  return api;
}

/**
 * Path and query below an API's base URL that a request to `/api/{api}/{*path}` is for.
 * @param api the route parameter: what the router took for the API's name
 * @param requestUrl the raw path is used: the route parameter has been decoded already, and what was encoded must stay so
 * @throws {ConditionError} `api_path_invalid`
 */
export function requestedPath(api: string, requestUrl: string): string {
  const { pathname, search } = new URL(requestUrl);
  const [, name, path] = /^\/api\/([^/]+)\/?(.*)$/i.exec(pathname) ?? [];
  // Dot segments may have been resolved on the way here: then this is no longer the API that the router saw.
  const isSame = [api, encodeURIComponent(api)].some((each) => asciiLowerCase(each) === asciiLowerCase(name ?? ""));
  if (!isSame || path === undefined || path.startsWith("/")) throw invalidPath();
  return path + search;
}

/**
 * URL of the API, never outside of its base URL.
 * @param path with its query. One slash at the beginning means nothing; an absolute URL must be below the base URL
 * @throws {ConditionError} `api_path_invalid`
 */
export function targetUrl({ baseUrl }: DownstreamApiConfiguration, path: string): URL {
  const base = new URL(`${baseUrl}/`);
  const relative = path.startsWith(base.href) ? path.slice(base.href.length) : path.replace(/^\//, "");
  const [pathname, query] = splitAtQuery(relative);
  if (forbidden.test(pathname) || pathname.includes("#") || dotSegment.test(pathname) || pathname.startsWith("/")) {
    throw invalidPath();
  }
  const target = new URL(base.href + pathname);
  if (query !== undefined) target.search = query;
  // The checks above leave no way out; this is what they promise.
  if (target.origin !== base.origin || !target.pathname.startsWith(base.pathname)) throw invalidPath();
  return target;
}

function splitAtQuery(path: string): [string, string | undefined] {
  const at = path.indexOf("?");
  return at < 0 ? [path, undefined] : [path.slice(0, at), path.slice(at + 1)];
}

function invalidPath(): ConditionError {
  return new ConditionError("api_path_invalid", "The path must be a plain one below the API's base URL.");
}
