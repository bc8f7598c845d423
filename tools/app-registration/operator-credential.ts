import type { TokenCredential } from "@azure/identity";

const processTimeoutInMs = 30_000;

/**
 * The operator's sign-in on this machine, the first of these that exists: a service principal in environment variables,
 * the Azure CLI, the Azure Developer CLI, Azure PowerShell. A managed identity is not used, because it would be the
 * machine's.
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
