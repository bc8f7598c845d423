import type { App } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { asciiLowerCase } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import { leadsElsewhere } from "./path-readings.ts";

/** @param name in any case. @throws {ProblemError} `api_unknown` */
export function configuredApi({ configuration }: Pick<App, "configuration">, name: string): DownstreamApiConfiguration {
  const api = configuration.downstreamApis.get(asciiLowerCase(name));
  if (!api) throw new ProblemError("api_unknown", "No API of this name is configured.");
  return api;
}

/**
 * URL of the API, never outside of its base URL.
 * @param path with its query. One slash at the beginning means nothing; an absolute URL must be below the base URL
 * @throws {ProblemError} `api_path_invalid`
 */
export function targetUrl({ baseUrl }: DownstreamApiConfiguration, path: string): URL {
  const base = new URL(`${baseUrl}/`);
  const relative = path.startsWith(base.href) ? path.slice(base.href.length) : path.replace(/^\//, "");
  const [pathname, query] = splitAtQuery(relative);
  if (leadsElsewhere(pathname)) throw invalidPath();
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

export function invalidPath(): ProblemError {
  return new ProblemError("api_path_invalid", "The path must be a plain path below the API's base URL.");
}
