import type { DownstreamApiConfiguration } from "../configuration/downstream-apis.ts";
import { asciiLowerCase } from "../core/encoding.ts";
import { ProblemError } from "../core/errors.ts";
import { invalidPath } from "./target.ts";

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
