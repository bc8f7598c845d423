import type { SessionSecrets } from "../account/seal.ts";
import { isRecord } from "../encoding.ts";

/** Seconds before its expiry from which a token is left to MSAL, which then renews it: MSAL's own default. */
const renewalOffsetSeconds = 300;

/**
 * An access token for `scopes` that is in a session's token cache and needs no renewal, read without MSAL: on most calls
 * that is all there is to do, and a client of MSAL takes several times the work of everything else about the session.
 * Only what admits no doubt is read here: one plain bearer token of this account and this app, with all the scopes.
 * @param now in milliseconds since the epoch
 * @returns undefined when MSAL has to decide: no such token, several, one that is about to expire or due for renewal
 */
export function freshAccessToken(
  { claims, tokenCache }: SessionSecrets,
  clientId: string,
  scopes: readonly string[],
  now: number,
): string | undefined {
  const parsed: unknown = JSON.parse(tokenCache);
  const entries = isRecord(parsed) && isRecord(parsed["AccessToken"]) ? Object.values(parsed["AccessToken"]) : [];
  const wanted = scopes.map((scope) => scope.toLowerCase());
  const matching = entries.filter((entry): entry is Entry => {
    if (!isPlainBearerToken(entry)) return false;
    const granted = new Set(entry.target.toLowerCase().split(" "));
    return (
      entry.home_account_id === claims.homeAccountId &&
      entry.client_id === clientId &&
      wanted.every((scope) => granted.has(scope))
    );
  });
  const [token, ...others] = matching;
  if (!token || others.length > 0) return undefined;
  return isFresh(token, now / 1000) ? token.secret : undefined;
}

/** An access token in the format that MSAL's libraries share. Times are in seconds since the epoch, as text. */
interface Entry {
  readonly home_account_id: string;
  readonly client_id: string;
  readonly secret: string;
  /** The scopes, separated by spaces. */
  readonly target: string;
  readonly cached_at: string;
  readonly expires_on: string;
  readonly refresh_on?: unknown;
}

/** Not one that is bound to a key, nor one issued for particular claims. */
function isPlainBearerToken(entry: unknown): entry is Entry {
  if (!isRecord(entry)) return false;
  return (
    entry["credential_type"] === "AccessToken" &&
    (entry["token_type"] ?? "Bearer") === "Bearer" &&
    narrowing.every((name) => entry[name] === undefined) &&
    needed.every((name) => typeof entry[name] === "string" && entry[name] !== "")
  );
}

const needed = ["home_account_id", "client_id", "secret", "target", "cached_at", "expires_on"];
const narrowing = ["key_id", "userAssertionHash", "resource", "additionalCacheKeyComponents"];

/** Neither about to expire, nor due for a renewal ahead of time, nor of a time that has not come: the clock was set back. */
function isFresh({ cached_at, expires_on, refresh_on }: Entry, seconds: number): boolean {
  const isDue = refresh_on !== undefined && !(Number(refresh_on) > seconds);
  return Number(cached_at) <= seconds && Number(expires_on) > seconds + renewalOffsetSeconds && !isDue;
}
