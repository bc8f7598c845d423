import { ProblemError } from "../core/errors.ts";

const maxLength = 1_000;
/** Printable ASCII without space and backslash: browsers read `\` as `/` and drop tabs and line breaks. */
const plain = /^[\x21-\x5b\x5d-\x7e]*$/;
/** A second slash, in any spelling, that could make a host of what follows. */
const hostLike = /^\/(?:\/|%2f|%5c)/i;
const scheme = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Where to go after signing in or out: a path of this app, or an absolute URL of its origin. A value that is unusable but does
 * not lead elsewhere, such as one that is too long, becomes `/`: the person has done nothing wrong.
 * @param value as the browser sent it; null means `/`
 * @returns path, query and fragment, safe in a `Location` header
 * @throws {ProblemError} `invalid_return_url` for everything that could lead to another origin
 */
export function safeReturnUrl(value: string | null, publicBaseUrl: string): string {
  if (value === null || value === "") return "/";
  const path = withoutOrigin(value, publicBaseUrl);
  if (readingsOf(path).some((reading) => leadsElsewhere(reading, publicBaseUrl))) {
    throw new ProblemError("invalid_return_url", "returnUrl must be a path of this app, such as /reports?year=2026.");
  }
  const url = URL.parse(path, publicBaseUrl);
  if (!url || path.length > maxLength || !plain.test(path) || !path.startsWith("/")) return "/";
  // The path as the URL parser reads it. It would make `//evil.example` of `/a/..//evil.example`, but that was refused above.
  const normalized = url.pathname + url.search + url.hash;
  return normalized.length <= maxLength ? normalized : "/";
}

function withoutOrigin(value: string, publicBaseUrl: string): string {
  const rest = value.startsWith(publicBaseUrl) ? value.slice(publicBaseUrl.length) : undefined;
  return rest !== undefined && /^([/?#]|$)/.test(rest) ? rest || "/" : value;
}

/**
 * The ways in which browsers, proxies and people may read a text. They serve only to refuse it: what is used is the text
 * itself, as the URL parser reads it.
 */
function readingsOf(text: string): string[] {
  const withoutInvisible = text.replaceAll(/[^\x21-\x7e]/g, "");
  const folded = text.normalize("NFKC").replaceAll(/[^\x21-\x7e]/g, "");
  return [text, withoutInvisible, folded];
}

function leadsElsewhere(text: string, publicBaseUrl: string): boolean {
  const url = URL.parse(text, publicBaseUrl);
  if (url?.origin !== publicBaseUrl || scheme.test(text)) return true;
  return [text, url.pathname].some((path) => hostLike.test(path.startsWith("/") ? path : `/${path}`));
}
