import type { Configuration } from "../../../shared/configuration/configuration.ts";
import { authorityOf } from "../../../shared/identity/authority.ts";
import { proveCredential, type CredentialProof } from "../../../shared/readiness/prove-credential.ts";
import { settings } from "../../../shared/configuration/settings.ts";
import { failed, notChecked, ok, type Finding } from "../finding.ts";

const name = "Client credential";
const timeoutMs = 15_000;

const kinds = { secret: "client secret", certificate: "certificate", managedIdentity: "managed identity" } as const;

/** What to do about the usual AADSTS errors of a client credential. */
const remedies: Readonly<Record<string, string>> = {
  "700016": `Correct ${settings.clientId.name} or ${settings.tenantId.name}: no such app is registered in this tenant`,
  "7000215": `Put a secret's value, not its id, into ${settings.clientSecret.name}`,
  "7000222": `The secret has expired: make a new one and put it into ${settings.clientSecret.name}`,
  "700027": "Upload the certificate to the app registration, or a newer one if it has expired",
  "70021": "Have the registration trust the identity: npm run app-registration -- --managed-identity <id>",
  "700213": "Have the registration trust the identity: npm run app-registration -- --managed-identity <id>",
};

/** Whether the token endpoint accepts the app's own credential. It requests a token that gives access to nothing. */
export async function checkCredential(configuration: Configuration, inAzure: boolean): Promise<Finding> {
  const { credential, isMultiTenant } = configuration.azureAd;
  if (isMultiTenant) return notChecked(name, "the settings name no single tenant to ask; only a sign-in can show it");
  if (credential.kind === "managedIdentity" && !inAzure) {
    return notChecked(name, "a managed identity exists only where the app runs; --url asks the app there");
  }
  const signal = AbortSignal.timeout(timeoutMs);
  return findingOf(await proveCredential(authorityOf(configuration), configuration, signal), kinds[credential.kind]);
}

function findingOf({ outcome, errorNumber }: CredentialProof, kind: string): Finding {
  const error = errorNumber === undefined ? "" : ` (AADSTS${errorNumber})`;
  switch (outcome) {
    case "ok":
      return ok(name, `the token endpoint accepts the ${kind}`);
    case "app_refused": {
      const remedy = remedies[errorNumber ?? ""] ?? "Compare the settings AzureAd__… with the app registration";
      return failed(name, `the token endpoint refuses the ${kind}${error}`, remedy);
    }
    case "identity_provider_unavailable":
      return failed(name, "the token endpoint does not answer", "Check the network, then run again");
    case "managed_identity_unavailable":
      return failed(
        name,
        "the managed identity cannot get a token",
        `Assign the identity to the app, and set ${settings.managedIdentityClientId.name} to its client id`,
      );
    case "app_incomplete":
      return failed(name, "MSAL cannot be loaded", "Install the packages again: npm ci");
    case "not_checked":
      return notChecked(name, `the token endpoint reported a different error${error}`);
  }
}
