import { randomBase64Url, sha256Base64Url } from "../core/encoding.ts";
import type { StoreClock } from "../store/clock.ts";
import type { SignInTransaction } from "./transaction.ts";

export function newTransaction(
  returnUrl: string,
  silent: boolean,
  clock: Pick<StoreClock, "bounds" | "tick">,
  maxAge: number | null = null,
  { api, claims = null }: { readonly api?: string | undefined; readonly claims?: string | null } = {},
): SignInTransaction {
  return {
    state: randomBase64Url(),
    nonce: randomBase64Url(),
    codeVerifier: randomBase64Url(),
    returnUrl,
    silent,
    startedAt: clock.bounds()?.earliest ?? null,
    startedTick: clock.tick(),
    maxAge,
    ...(api !== undefined && { api }),
    ...(claims !== null && { claimsHash: sha256Base64Url(claims) }),
  };
}

/** PKCE challenge, method S256 (RFC 7636 section 4.2). */
export function codeChallengeOf({ codeVerifier }: SignInTransaction): string {
  return sha256Base64Url(codeVerifier);
}
