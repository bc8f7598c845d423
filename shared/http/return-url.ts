import { ProblemError } from "../core/errors.ts";

export const maxReturnUrlLength = 1_000;
/** Printable ASCII without space and backslash: browsers read `\` as `/` and drop tabs and line breaks. */
const plain = /^[\x21-\x5b\x5d-\x7e]*$/;
/** A second slash, in any spelling, that could make a host of what follows. */
const hostLike = /^\/(?:\/|%2f|%5c)/i;
const scheme = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Where to go after signing in or out: a path of this app, or an absolute URL below its base URL. A value that is unusable but
 * does not lead elsewhere, such as one that is too long, becomes the app's start: the person has done nothing wrong.
 * @param value as the browser sent it; null means the app's start
 * @returns path, query and fragment, safe in a `Location` header
 * @throws {ProblemError} `invalid_return_url` for everything that could lead to another origin, or out of the app's base path
 */
export function safeReturnUrl(value: string | null, publicBaseUrl: string): string {
  const base = new URL(`${publicBaseUrl}/`);
  const start = base.pathname;
  if (value === null || value === "") return start;
  const path = withoutOrigin(value, base);
  if (readingsOf(path).some((reading) => leadsElsewhere(reading, base))) {
    const example = `${start}reports?year=2026`;
    throw new ProblemError("invalid_return_url", `returnUrl must be a path of this app, such as ${example}.`);
  }
  const url = URL.parse(path, base.href);
  if (!url || path.length > maxReturnUrlLength || !plain.test(path) || !path.startsWith("/")) return start;
  // The path as the URL parser reads it. It would make `//evil.example` of `/a/..//evil.example`, but that was refused above.
  const normalized = url.pathname + url.search + url.hash;
  return normalized.length <= maxReturnUrlLength ? normalized : start;
}

function withoutOrigin(value: string, { origin }: URL): string {
  const rest = value.startsWith(origin) ? value.slice(origin.length) : undefined;
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

function leadsElsewhere(text: string, base: URL): boolean {
  const url = URL.parse(text, base.href);
  if (url?.origin !== base.origin || scheme.test(text)) return true;
  if (!`${url.pathname}/`.startsWith(base.pathname)) return true;
  return [text, url.pathname].some((path) => hostLike.test(path.startsWith("/") ? path : `/${path}`));
}
