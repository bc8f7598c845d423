import type { TokenCredential } from "@azure/identity";

const processTimeoutInMs = 30_000;

/**
 * The sign-in that the operator has on this machine: a service principal in environment variables, the Azure CLI, the
 * Azure Developer CLI or Azure PowerShell, the first one that is there. No managed identity: it would be the machine's.
 */
export async function operatorCredential(tenantId: string | undefined): Promise<TokenCredential> {
  const identity = await import("@azure/identity");
  const options = { processTimeoutInMs, ...(tenantId !== undefined && { tenantId }) };
  return new identity.ChainedTokenCredential(
    new identity.EnvironmentCredential(),
    new identity.AzureCliCredential(options),
    new identity.AzureDeveloperCliCredential(options),
    new identity.AzurePowerShellCredential(options),
  );
}
