import { randomBase64Url } from "../core/encoding.ts";
import { namedCookie, type CookieJar } from "../http/cookie-jar.ts";

/** The content of the session cookie: which document to read, and the secret that opens one session in it. */
export interface SessionCookie {
  readonly accountKey: string;
  readonly secret: string;
}

/** 32 bytes as base64url, twice. */
const sessionCookieValue = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/;

/** A new session's cookie, always with a new secret, so that nobody can know it before the sign-in. */
export function newSessionCookie(accountKey: string): SessionCookie {
  return { accountKey, secret: randomBase64Url(32) };
}

/** The session cookie's name in the code. In the browser it has the name of the settings. */
export const sessionCookieName = namedCookie;

/**
 * Seconds that a new session's cookie lasts; undefined means until the browser is closed. The absolute lifetime is never
 * extended, so the cookie needs no renewal. The server ends sessions by their times, whatever a browser keeps.
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

/** The last character of base64url has spare bits, so one value has several spellings. Only the canonical one counts. */
function isCanonical(text: string): boolean {
  return Buffer.from(text, "base64url").toString("base64url") === text;
}

export function formatSessionCookie({ accountKey, secret }: SessionCookie): string {
  return `${accountKey}.${secret}`;
}

/** Tells the browser's next sign-in that a session of this browser has ended. It holds nothing else. */
const endedCookieName = "ended";

/** Keeps the cookie of a new session. */
export function keepSessionCookie(jar: CookieJar, cookie: SessionCookie, maxAge: number | undefined): void {
  jar.set(sessionCookieName, formatSessionCookie(cookie), maxAge);
  if (jar.has(endedCookieName)) jar.clear(endedCookieName);
}

/** Clears the cookie of a session that has ended. The browser's next sign-in asks for the account. */
export function clearSessionCookie(jar: CookieJar): void {
  jar.clear(sessionCookieName);
  jar.set(endedCookieName, "1");
}

/** Whether a session of this browser has ended, and nobody has signed in since: nobody may be signed in without being asked. */
export function hasSessionEnded(jar: CookieJar): boolean {
  return jar.has(endedCookieName);
}

/**
 * Clears a cookie that opens nothing. It clears none when there are two of that name: without the app's own, the other one,
 * perhaps an attacker's, would count.
 */
export function clearDeadSession(cookies: CookieJar): void {
  if (cookies.read(sessionCookieName) !== undefined) clearSessionCookie(cookies);
}
