import type { Cookie } from "@azure/functions";
import { randomBase64Url } from "../core/encoding.ts";

/** What the session cookie says: which document to read, and the secret that opens one session in it. */
export interface SessionCookie {
  readonly accountKey: string;
  readonly secret: string;
}

/** 32 bytes as base64url, twice. */
const sessionCookieValue = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** The value for a new session's cookie: always a new secret, so that nobody can know it before the sign-in. */
export function newSessionCookie(accountKey: string): SessionCookie {
  return { accountKey, secret: randomBase64Url(32) };
}

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
  const ofApp = prefix + (session.cookieName === sessionCookieName ? "" : `${session.cookieName}-`);
  const fullName = (name: string) => (name === sessionCookieName ? prefix + session.cookieName : ofApp + name);
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

/** What the app's code calls it; in the browser it has the prefix and the name of the settings. */
export const sessionCookieName = "session";

/**
 * Seconds that a new session's cookie lasts; undefined: until the browser ends. The absolute lifetime is never extended, so
 * it needs no renewal. The server ends sessions by their times whatever a browser keeps.
 */
export function sessionCookieMaxAge(session: {
  readonly persistentCookie: boolean;
  readonly absoluteTimeoutMinutes: number;
}): number | undefined {
  return session.persistentCookie ? session.absoluteTimeoutMinutes * 60 : undefined;
}

export function parseSessionCookie(value: string | undefined): SessionCookie | undefined {
  const [, accountKey, secret] = sessionCookieValue.exec(value ?? "") ?? [];
  return accountKey && secret && isCanonical(secret) ? { accountKey, secret } : undefined;
}

/** The last character of base64url has bits to spare: only one spelling counts. */
function isCanonical(text: string): boolean {
  return Buffer.from(text, "base64url").toString("base64url") === text;
}

export function formatSessionCookie({ accountKey, secret }: SessionCookie): string {
  return `${accountKey}.${secret}`;
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
