import type { Configuration } from "../configuration/configuration.ts";
import { AppIncompleteError } from "../core/errors.ts";
import type { Authority } from "../identity/authority.ts";
import { IdentityProviderUnavailableError } from "../identity/errors.ts";
import { isMsalError } from "../identity/msal-errors.ts";

/** What the token endpoint says about the app's credential. */
export type CredentialOutcome =
  | "ok"
  | "app_refused"
  /** A file of the app that this check needs is missing. */
  | "app_incomplete"
  | "identity_provider_unavailable"
  | "managed_identity_unavailable"
  /** Neither accepted nor refused: there is no one tenant to ask, or the answer was about something else. */
  | "not_checked";

export interface CredentialProof {
  readonly outcome: CredentialOutcome;
  /** Number of the AADSTS error, where there was one. */
  readonly errorNumber?: string;
}

/** Errors of RFC 6749 section 5.2 that are about the client itself. */
const clientErrors = new Set(["invalid_client", "unauthorized_client"]);

/**
 * Proves the app's own credential, of whatever kind, without a person: asks for a token for the app itself (client credentials
 * grant, RFC 6749 section 4.4). The token opens nothing and is thrown away. A made-up authorization code would not do: the
 * endpoint may refuse the code before it looks at the credential.
 */
export async function proveCredential(
  authority: Authority,
  { azureAd }: Pick<Configuration, "azureAd">,
  signal: AbortSignal,
): Promise<CredentialProof> {
  // A token for the app itself comes from one tenant, and which one is the app's own is not in the settings.
  if (azureAd.isMultiTenant) return { outcome: "not_checked" };
  let tokenRequests = 0;
  try {
    const { msal, network } = await authority.client(signal);
    try {
      await msal.acquireTokenByClientCredential({ scopes: [`${azureAd.clientId}/.default`] });
      return { outcome: "ok" };
    } catch (error) {
      ({ tokenRequests } = network);
      throw network.failure ?? error;
    }
  } catch (error) {
    if (error instanceof IdentityProviderUnavailableError) return { outcome: "identity_provider_unavailable" };
    if (error instanceof AppIncompleteError) return { outcome: "app_incomplete" };
    if (azureAd.credential.kind === "managedIdentity" && tokenRequests === 0) {
      return { outcome: "managed_identity_unavailable" };
    }
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): CredentialProof {
  const outcome = isMsalError(error) && clientErrors.has(error.errorCode) ? "app_refused" : "not_checked";
  // By its type a string, but in fact a number.
  const { errorNo } = error as { errorNo?: unknown };
  const isGiven = typeof errorNo === "string" || typeof errorNo === "number";
  return isGiven ? { outcome, errorNumber: String(errorNo) } : { outcome };
}
