import type { App } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { asciiLowerCase } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";

/** @param name in any case. @throws {ProblemError} `api_unknown` */
export function configuredApi({ configuration }: Pick<App, "configuration">, name: string): DownstreamApiConfiguration {
  const api = configuration.downstreamApis.get(asciiLowerCase(name));
  if (!api) throw new ProblemError("api_unknown", "No API of this name is configured.");
  return api;
}

/** What the Functions host says about a request to `/api/{api}/{*path}`. */
export interface RequestedPath {
  readonly url: string;
  /** Route parameters: decoded once, except for `%2F`. With HTTP streams on, members of the query are among them. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * Path and query below an API's base URL that a request is for, encoded as the browser has sent it. The host decodes a path and
 * encodes it again for the URL, where `%20` may have been `%20` or `%2520`; the parameter tells them apart, if it is the path's.
 * What nobody can tell apart is `%2F` and `%252F`: it counts as `%2F`.
 * @throws {ProblemError} `api_path_invalid`
 */
export function requestedPath(api: DownstreamApiConfiguration, { url, params }: RequestedPath): string {
  const { pathname, search } = new URL(url);
  const [, name = "", raw = ""] = /^\/api\/([^/]+)\/?(.*)$/i.exec(pathname) ?? [];
  // Dot segments may have been resolved on the way here: then this is no longer the API that the router saw.
  if (asciiLowerCase(name) !== api.name) throw invalidPath();
  const path = isDecoded(params["path"] ?? "", raw) ? encoded(params["path"] ?? "") : raw;
  if (!api.allowEncodedSlashes && /%(?:25)*2f/i.test(path)) {
    throw new ProblemError(
      "api_path_invalid",
      "The path has an encoded slash, which this API's settings do not allow.",
    );
  }
  if (path.startsWith("/")) throw invalidPath();
  return path + search;
}

/** Everything but `pchar` of RFC 3986 section 3.3 and slashes; what looks encoded is a part of its own. */
const other = /%[0-9a-f]{2}|%|[^\w!$&'()*+,\-./:;=@~%]+/gi;

/** Encodes what does not belong into a path, and leaves what `isEncoded` takes for encoded already. */
function encodedBut(path: string, isEncoded: RegExp): string {
  return path.replaceAll(other, (part) => (isEncoded.test(part) ? part : encodeURIComponent(part.toWellFormed())));
}

/** Once, but for slashes that were never decoded. */
function encoded(decoded: string): string {
  return encodedBut(decoded, /^%2f$/i);
}

/**
 * Whether `raw` is what a host makes of `decoded` for the URL. What looks encoded after decoding stays as it is there; with HTTP
 * streams on, every `%` is encoded.
 */
function isDecoded(decoded: string, raw: string): boolean {
  const spellings = [encodedBut(decoded, /^%./), encodedBut(decoded, /^$/)];
  return spellings.some((spelling) => URL.parse(`http://host/${spelling}`)?.pathname === `/${raw}`);
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

function invalidPath(): ProblemError {
  return new ProblemError("api_path_invalid", "The path must be a plain path below the API's base URL.");
}

/** What a path cannot contain, however often it is decoded: control characters, and backslashes, which many read as slashes. */
const forbidden = /[^ -~\x80-\xff]|\\/;
/** With a semicolon too: some servers take what follows it for parameters of the segment. */
const dotSegment = /(?:^|\/)\.{1,2}(?:[/;]|$)/;
/** A server may decode once more than it should, and so may another one behind it. */
const maxReadings = 4;

/**
 * Whether a server could take a path, which goes behind a base URL, for one outside of it or on another host: as it is written,
 * or decoded once or several times.
 */
function leadsElsewhere(path: string): boolean {
  if (/[^!-~]|[#?\\]|%2e/i.test(path)) return true;
  let reading = path;
  for (let times = 0; times < maxReadings; times++) {
    if (reading.startsWith("/") || forbidden.test(reading) || dotSegment.test(reading)) return true;
    const decoded = decodedOnce(reading);
    if (decoded === reading) return false;
    reading = decoded;
  }
  return true;
}

/** Bytes as characters: only ASCII matters here. */
function decodedOnce(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
