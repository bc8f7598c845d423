import type { Cookie } from "@azure/functions";

/** The cookies of one request and its answer: HttpOnly, Lax, host-only, for the whole origin. */
export interface CookieJar {
  /** The value that the request carries, if any. If two cookies have this name, neither counts; {@link has} sees them. */
  read(name: string): string | undefined;
  /** Whether the request carries one or more cookies of this name, whatever their values. */
  has(name: string): boolean;
  /** The names of the request's cookies that begin with `prefix`, without the browser's own prefix. */
  names(prefix: string): readonly string[];
  /** @param maxAge seconds; if missing, the cookie lasts until the browser is closed */
  set(name: string, value: string, maxAge?: number): void;
  clear(name: string): void;
  /** The cookies that the answer sets, whether it is a success or an error. */
  readonly changes: readonly Cookie[];
}

/**
 * The session cookie's name in the code. In the browser, it has the name that `Session__CookieName` sets. If that differs from
 * this one, it also precedes the names of all the app's other cookies.
 */
export const namedCookie = "session";

/** What the app's cookies depend on besides the request. */
export interface CookieSettings {
  readonly publicBaseUrl: string;
  readonly session: { readonly cookieName: string };
}

/**
 * Names get the `__Host-` prefix (RFC 6265bis section 4.1.3.2), which keeps other hosts of the domain from planting
 * cookies. Safari refuses Secure cookies on http://localhost; only there the prefix and `Secure` are left out. A cookie name of
 * the app's own precedes all names, so that two apps on one host keep their cookies apart.
 */
export function cookieJar(headers: Headers, { publicBaseUrl, session }: CookieSettings): CookieJar {
  const secure = publicBaseUrl.startsWith("https:") || !isSafari(headers.get("user-agent") ?? "");
  const prefix = secure ? "__Host-" : "";
  const ofApp = prefix + (session.cookieName === namedCookie ? "" : `${session.cookieName}-`);
  const fullName = (name: string) => (name === namedCookie ? prefix + session.cookieName : ofApp + name);
  const values = parse(headers.get("cookie") ?? "");
  const changes = new Map<string, Cookie>();
  const attributes = { path: "/", httpOnly: true, secure, sameSite: "Lax" } as const;
  return {
    read: (name) => values.get(fullName(name)) ?? undefined,
    has: (name) => values.has(fullName(name)),
    names: (start) =>
      [...values.keys()].flatMap((name) => (name.startsWith(ofApp + start) ? [name.slice(ofApp.length)] : [])),
    set(name, value, maxAge) {
      changes.set(name, { name: fullName(name), value, ...attributes, ...(maxAge !== undefined && { maxAge }) });
    },
    // Not `expires`: the Functions host drops one in the past.
    clear(name) {
      changes.set(name, { name: fullName(name), value: "", ...attributes, maxAge: 0 });
    },
    get changes() {
      return [...changes.values()];
    },
  };
}

/**
 * The cookies of a request by name, compared byte for byte. Only spaces and tabs around name and value are dropped (RFC
 * 6265bis section 5.6): dropping anything else would let a neighbour host's cookie pass for one with the browser's prefix.
 * The app's values need no decoding; they are base64url and dots. Two cookies of one name mean an attack or a broken browser.
 * Nobody can tell which of them is the app's, so the name gets null.
 */
function parse(header: string): ReadonlyMap<string, string | null> {
  const values = new Map<string, string | null>();
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = withoutBlanks(pair.slice(0, at));
    values.set(name, values.has(name) ? null : withoutBlanks(pair.slice(at + 1)));
  }
  return values;
}

/** Not `trim()`, which also removes U+00A0 and other Unicode spaces. */
function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function isSafari(userAgent: string): boolean {
  return userAgent.includes("Safari/") && !/Chrom(e|ium)\/|Edg\/|Firefox\//.test(userAgent);
}
