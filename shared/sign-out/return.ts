import type { CookieJar } from "../http/cookie-jar.ts";

/**
 * Where the browser goes after the identity provider has signed the person out. A cookie named after `state` (OpenID Connect
 * RP-Initiated Logout 1.0 section 2) keeps the address, so that one registered landing page serves every sign-out.
 */
const prefix = "signout-";
const lifetimeSeconds = 10 * 60;

export function keepReturnUrl(jar: CookieJar, state: string, returnUrl: string): void {
  jar.set(prefix + state, Buffer.from(returnUrl).toString("base64url"), lifetimeSeconds);
}

/** Returns the address and forgets it. @returns undefined if this browser has no sign-out under way with that `state` */
export function takeReturnUrl(jar: CookieJar, state: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{22}$/.test(state)) return undefined;
  const value = jar.read(prefix + state);
  if (value === undefined) return undefined;
  jar.clear(prefix + state);
  return Buffer.from(value, "base64url").toString();
}
