import type { App } from "../app/app.ts";
import { NoAnswerInTimeError } from "../core/waiting.ts";
import { ProblemError } from "../core/errors.ts";
import { appRefused, IdentityProviderUnavailableError } from "../identity/errors.ts";

type Issuer = Pick<App, "authority" | "renewals">;

interface AppToken {
  readonly accessToken: string;
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly renewAt: number;
}

/** One for each scope in the settings of APIs that are called with the app's own token. These tokens belong to no person. */
const kept = new WeakMap<Issuer["authority"], Map<string, AppToken>>();

/** How long before a token expires it is renewed: as long as MSAL does for a person's. */
const renewalOffsetMs = 300_000;

/**
 * An access token for the app itself (client credentials grant, RFC 6749 section 4.4), kept in memory until it is about to
 * expire.
 * @param scope `<resource>/.default`
 * @param signal ends the waiting
 * @throws {ProblemError} `identity_provider_unavailable` or `app_refused`
 */
export async function appToken(app: Issuer, scope: string, signal: AbortSignal): Promise<string> {
  const tokens = kept.get(app.authority) ?? new Map<string, AppToken>();
  kept.set(app.authority, tokens);
  const known = tokens.get(scope);
  if (known && Date.now() < known.renewAt) return known.accessToken;
  try {
    // The key holds the earlier token: a result is shared for some seconds, and must not be the token that the API refused.
    const key = ["app token", scope, known?.accessToken].join(" ");
    const issued = await app.renewals.share(key, signal, async (within) => issue(app, scope, within));
    tokens.set(scope, issued);
    return issued.accessToken;
  } catch (error) {
    throw error instanceof NoAnswerInTimeError ? new IdentityProviderUnavailableError(error) : error;
  }
}

/** Forgets a token that the API has refused: the next call gets another one. */
export function forgetAppToken({ authority }: Issuer, scope: string): void {
  const tokens = kept.get(authority);
  const known = tokens?.get(scope);
  if (known) tokens?.set(scope, { ...known, renewAt: 0 });
}

async function issue({ authority }: Issuer, scope: string, signal: AbortSignal): Promise<AppToken> {
  const { msal, network } = await authority.client(signal);
  try {
    const result = await msal.acquireTokenByClientCredential({ scopes: [scope] });
    if (!result?.accessToken) throw new Error("The token endpoint issued no access token");
    const expiresAt = result.expiresOn?.getTime() ?? 0;
    return { accessToken: result.accessToken, renewAt: expiresAt - renewalOffsetMs };
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    throw network.failure ?? appRefused(error);
  }
}
