import type { ManagedIdentityCredential } from "@azure/identity";
import { AppIncompleteError } from "./errors.ts";

/**
 * The function app's managed identity. This call loads the library, so an app with another credential never does.
 * @param clientId client ID of a user-assigned identity; if missing, the system-assigned identity is used
 * @throws {AppIncompleteError} when the library cannot be loaded
 */
export async function managedIdentity(clientId?: string): Promise<ManagedIdentityCredential> {
  const { ManagedIdentityCredential } = await load().catch((cause: unknown) => {
    throw new AppIncompleteError(cause);
  });
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}

async function load() {
  // MSAL comes first. The build keeps it in a file of its own: if that is missing, the next call looks for it again, whereas a
  // module of the bundle that has failed to load once fails for good.
  await import("@azure/msal-node");
  return import("./managed-identity-credential.ts");
}
