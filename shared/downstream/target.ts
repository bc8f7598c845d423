import type { App } from "../app/app.ts";
import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { asciiLowerCase } from "../core/encoding.ts";
import { MethodNotAllowedError, ProblemError } from "../core/errors.ts";

/** @param name in any case. @throws {ProblemError} `api_unknown` */
export function configuredApi({ configuration }: Pick<App, "configuration">, name: string): DownstreamApiConfiguration {
  const api = configuration.downstreamApis.get(asciiLowerCase(name));
  if (!api) throw new ProblemError("api_unknown", "No API of this name is configured.");
  return api;
}

/** Whether an API may be called for somebody who is not signed in. @param name in any case */
export function isOpen({ configuration }: Pick<App, "configuration">, name: string): boolean {
  return configuration.downstreamApis.get(asciiLowerCase(name))?.requireSession === false;
}

/** The address of a request to `/api/{api}/{*path}`, as the Functions host passes it. */
export interface RequestedPath {
  readonly url: string;
  /** Route parameters: decoded once, except for `%2F`. With HTTP streams on, members of the query are among them. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The path and the query below an API's base URL that a request is for, encoded as the browser has sent them. The host decodes
 * the path and encodes it again for the URL, where `%20` may have been `%20` or `%2520`. The route parameter tells them apart,
 * if it comes from the path. Nobody can tell `%2F` from `%252F`: both count as `%2F`.
 * @param hostPath what the paths of all requests begin with, as the host sees them
 * @throws {ProblemError} `api_path_invalid`
 */
export function requestedPath(
  api: DownstreamApiConfiguration,
  { url, params }: RequestedPath,
  hostPath: string,
): string {
  const { pathname, search } = new URL(url);
  const [, name = "", raw = ""] = /^\/api\/([^/]+)\/?(.*)$/i.exec(pathname.slice(hostPath.length)) ?? [];
  // If dot segments were resolved on the way here, this may no longer be the API that the router saw.
  if (asciiLowerCase(name) !== api.name) throw invalidPath();
  const path = encodedOnce(params["path"] ?? "", raw);
  if (!api.allowEncodedSlashes && /%(?:25)*2f/i.test(path)) {
    throw new ProblemError(
      "api_path_invalid",
      "The path has an encoded slash, which this API's settings do not allow.",
    );
  }
  if (path.startsWith("/")) throw invalidPath();
  return path + search;
}

/** Everything but slashes and `pchar` (RFC 3986 section 3.3). A sequence that looks percent-encoded is a match of its own. */
const other = /%[0-9a-f]{2}|%|[^\w!$&'()*+,\-./:;=@~%]+/gi;

/** Encodes characters that a path cannot have, except for matches of `isEncoded`, which count as encoded already. */
function encodedBut(path: string, isEncoded: RegExp): string {
  return path.replaceAll(other, (part) => (isEncoded.test(part) ? part : encodeURIComponent(part.toWellFormed())));
}

/** Characters that the host and URLs leave as they are, without dots. */
const unchanged = /^[\w!$&'()*+,\-/:;=@~]*$/;

/** @param decoded the route parameter. @param raw the same part of the URL's path */
function encodedOnce(decoded: string, raw: string): string {
  if (decoded === raw && unchanged.test(raw)) return raw;
  return isDecoded(decoded, raw) ? encoded(decoded) : raw;
}

/** Encodes a path once, except for slashes, which the host has not decoded. */
function encoded(decoded: string): string {
  return encodedBut(decoded, /^%2f$/i);
}

/**
 * Whether `raw` is what the host makes of `decoded` for the URL. The host leaves what still looks encoded after decoding; with
 * HTTP streams on, it encodes every `%`.
 */
function isDecoded(decoded: string, raw: string): boolean {
  const spellings = [encodedBut(decoded, /^%./), encodedBut(decoded, /^$/)];
  return spellings.some((spelling) => URL.parse(`http://host/${spelling}`)?.pathname === `/${raw}`);
}

/**
 * The URL to call, never outside of the API's base URL.
 * @param path with its query. One leading slash is ignored; an absolute URL must be below the base URL
 * @throws {ProblemError} `api_path_invalid`
 */
export function targetUrl({ baseUrl }: DownstreamApiConfiguration, path: string): URL {
  const base = baseOf(baseUrl);
  const relative = path.startsWith(base.href) ? path.slice(base.href.length) : path.replace(/^\//, "");
  const [pathname, query] = splitAtQuery(relative);
  if (leadsElsewhere(pathname)) throw invalidPath();
  const target = new URL(base.href + pathname);
  if (query !== undefined) target.search = query;
  // The checks above leave no way out. This one makes sure.
  if (target.origin !== base.origin || !target.pathname.startsWith(base.pathname)) throw invalidPath();
  return target;
}

/**
 * Refuses what browsers may not call, as the API's settings say.
 * @param target below the API's base URL
 * @throws {MethodNotAllowedError} for a method that the settings do not name
 * @throws {ProblemError} `api_path_not_allowed`
 */
export function refuseUnallowed(
  { baseUrl, methods, paths }: DownstreamApiConfiguration,
  method: string,
  target: URL,
): void {
  if (!methods.includes(method)) throw new MethodNotAllowedError(methods);
  const path = target.pathname.slice(baseOf(baseUrl).pathname.length);
  if (paths?.some((allowed) => allowed.test(path)) === false) {
    throw new ProblemError("api_path_not_allowed", "This path of the API is not for browsers.");
  }
}

/** The base URLs of the settings, parsed. */
const bases = new Map<string, Readonly<Pick<URL, "href" | "origin" | "pathname">>>();

function baseOf(baseUrl: string): Readonly<Pick<URL, "href" | "origin" | "pathname">> {
  const known = bases.get(baseUrl);
  if (known) return known;
  const { href, origin, pathname } = new URL(`${baseUrl}/`);
  bases.set(baseUrl, { href, origin, pathname });
  return { href, origin, pathname };
}

function splitAtQuery(path: string): [string, string | undefined] {
  const at = path.indexOf("?");
  return at < 0 ? [path, undefined] : [path.slice(0, at), path.slice(at + 1)];
}

function invalidPath(): ProblemError {
  return new ProblemError("api_path_invalid", "The path must be a plain path below the API's base URL.");
}

/** Refused, however often a path is decoded: control characters, and backslashes, which many servers read as slashes. */
const forbidden = /[^ -~\x80-\xff]|\\/;
/** A semicolon also ends the segment: some servers take what follows for the segment's parameters. */
const dotSegment = /(?:^|\/)\.{1,2}(?:[/;]|$)/;
/** A server may decode once more than it should, and so may another one behind it. */
const maxReadings = 4;

/**
 * Whether a server could read a path below a base URL as one outside of it or on another host: as it is written, or decoded
 * once or several times.
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
