import { isRecord } from "../core/encoding.ts";
import { grantedInstead } from "../identity/token-response.ts";
import type { SessionSecrets } from "../identity/session-secrets.ts";
import { maxDoubtMs } from "../store/clock.ts";

/** Seconds before its expiry from which a token is left to MSAL, which then renews it: MSAL's own default. */
const renewalOffsetSeconds = 300;

/**
 * An access token for `scopes` that is in a session's token cache and needs no renewal, read without MSAL: on most calls
 * that is all there is to do, and a client of MSAL takes several times the work of everything else about the session.
 * Only what admits no doubt is read here: one plain bearer token of this account and this app, with all the scopes.
 * @param now in milliseconds since the epoch
 * @returns undefined when MSAL has to decide: no such token, several, one that is about to expire or due for renewal
 */
export function cachedToken(
  secrets: SessionSecrets,
  scopes: readonly string[],
  clientId: string,
  now: number,
): string | undefined {
  const seconds = now / 1000;
  const token = onlyToken(secrets, scopes, clientId);
  if (token && isFresh(token, seconds)) return token.secret;
  const granted = grantedInstead(secrets, scopes);
  const narrower = granted && onlyToken(secrets, granted, clientId);
  // MSAL would not find this token by the scopes that are asked for, and would renew it each time. So it is used until it is
  // about to expire.
  return narrower && isAlive(narrower, seconds) ? narrower.secret : undefined;
}

/** The token with all of `scopes`, if there is exactly one. */
function onlyToken(secrets: SessionSecrets, scopes: readonly string[], clientId: string): Entry | undefined {
  const { homeAccountId } = secrets.claims;
  const wanted = scopes.map((scope) => scope.toLowerCase());
  const [token, ...others] = bearerTokens(secrets).filter(({ home_account_id, client_id, target }) => {
    const granted = target.toLowerCase().split(" ");
    return (
      home_account_id === homeAccountId && client_id === clientId && wanted.every((scope) => granted.includes(scope))
    );
  });
  return others.length > 0 ? undefined : token;
}

/** The parsed tokens of secrets that may be used again. */
const parsed = new WeakMap<SessionSecrets, readonly Entry[]>();

function bearerTokens(secrets: SessionSecrets): readonly Entry[] {
  const known = parsed.get(secrets);
  if (known) return known;
  const cache: unknown = JSON.parse(secrets.tokenCache);
  const entries = isRecord(cache) && isRecord(cache["AccessToken"]) ? Object.values(cache["AccessToken"]) : [];
  const tokens = entries.filter(isPlainBearerToken);
  parsed.set(secrets, tokens);
  return tokens;
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

/** Whether the entry is neither bound to a key nor issued for particular claims. */
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

/** Another instance knows the store's time no better than this one. */
const doubtSeconds = (2 * maxDoubtMs) / 1000;

/**
 * Whether a token is not about to expire, not due for an early renewal, and not of the future, as after a clock was set back.
 */
function isFresh({ cached_at, expires_on, refresh_on }: Entry, seconds: number): boolean {
  const isDue = refresh_on !== undefined && !(Number(refresh_on) > seconds);
  return Number(cached_at) <= seconds + doubtSeconds && isAlive({ expires_on }, seconds) && !isDue;
}

function isAlive({ expires_on }: Pick<Entry, "expires_on">, seconds: number): boolean {
  return Number(expires_on) > seconds + renewalOffsetSeconds;
}
