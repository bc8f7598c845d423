import type { Cookie } from "@azure/functions";

/** The cookies of one request and its answer: HttpOnly, Lax, host-only, for the whole origin. */
export interface CookieJar {
  /** The value that the request carries, if any. Two cookies with one name have none: see {@link has}. */
  read(name: string): string | undefined;
  /** Whether the request carries a cookie of this name, or several, whatever they say. */
  has(name: string): boolean;
  /** The names that the request carries and that begin with `prefix`, without the browser's own prefix. */
  names(prefix: string): readonly string[];
  /** @param maxAge seconds; without it the cookie ends with the browser */
  set(name: string, value: string, maxAge?: number): void;
  clear(name: string): void;
  /** What the answer has to set, whatever it turns out to be. */
  readonly changes: readonly Cookie[];
}

/**
 * The code's name for the one cookie that `Session__CookieName` renames in the browser. An app that has a name of its own
 * puts that name before those of all its other cookies.
 */
export const namedCookie = "session";

/** What the app's cookies depend on besides the request. */
export interface CookieSettings {
  readonly publicBaseUrl: string;
  readonly session: { readonly cookieName: string };
}

/**
 * Names get the `__Host-` prefix (RFC 6265bis section 4.1.3.2), which keeps other hosts of the domain from planting
 * cookies. Safari refuses Secure cookies on http://localhost, and there alone the prefix and `Secure` are left out.
 * Those of an app with a name of its own begin with that name, so that two apps of one host keep theirs apart.
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
    // The Functions host drops an `expires` in the past; `maxAge: 0` is what deletes.
    clear(name) {
      changes.set(name, { name: fullName(name), value: "", ...attributes, maxAge: 0 });
    },
    get changes() {
      return [...changes.values()];
    },
  };
}

/**
 * The cookies of a request by name, compared byte for byte: only spaces and tabs around name and value do not count (RFC
 * 6265bis section 5.6), since anything else that is left out would let a neighbour host's cookie pass for one with the
 * browser's prefix. Values of this app need no decoding: they are base64url and dots. Two cookies with one name are an
 * attack or a broken browser. Which of them is the app's cannot be told, so both are null.
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

/** Not `trim()`, which takes U+00A0 and other blanks of Unicode as well. */
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
