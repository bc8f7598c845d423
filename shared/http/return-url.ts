import { ConditionError } from "../errors.ts";

const maxLength = 1_000;
/** Printable ASCII without space and backslash: browsers read `\` as `/` and drop tabs and line breaks. */
const plain = /^[\x21-\x5b\x5d-\x7e]*$/;
/** A second slash, in any spelling, that could make a host of what follows. */
const hostLike = /^\/(?:\/|%2f|%5c)/i;

/**
 * Where to go after signing in or out: a path of this app, or an absolute URL of its origin.
 * @param value as the browser sent it; none means `/`
 * @returns path, query and fragment, safe in a `Location` header
 * @throws {ConditionError} `invalid_return_url` for everything that could lead to another origin
 */
export function safeReturnUrl(value: string | null, publicBaseUrl: string): string {
  if (value === null || value === "") return "/";
  const path = value.startsWith(`${publicBaseUrl}/`) ? value.slice(publicBaseUrl.length) : value;
  const url = URL.parse(path, publicBaseUrl);
  const safe =
    path.length <= maxLength &&
    plain.test(path) &&
    path.startsWith("/") &&
    !hostLike.test(path) &&
    url?.origin === publicBaseUrl;
  if (!safe)
    throw new ConditionError("invalid_return_url", "returnUrl must be a path of this app, such as /reports?year=2026.");
  // As the URL parser reads it: `/a/..//evil.example` becomes `//evil.example` and must not slip through.
  const normalized = url.pathname + url.search + url.hash;
  if (hostLike.test(normalized) || normalized.length > maxLength)
    throw new ConditionError("invalid_return_url", "returnUrl must be a path of this app.");
  return normalized;
}
