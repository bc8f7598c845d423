import type { ManagedIdentityCredential } from "@azure/identity";
import { AppIncompleteError } from "./errors.ts";

/**
 * The function app's managed identity. Its library is loaded now: whoever has another credential does not pay for it.
 * @param clientId of a user-assigned identity; without it the system-assigned one
 * @throws {AppIncompleteError} when the library cannot be loaded
 */
export async function managedIdentity(clientId?: string): Promise<ManagedIdentityCredential> {
  const { ManagedIdentityCredential } = await load().catch((cause: unknown) => {
    throw new AppIncompleteError(cause);
  });
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}

async function load() {
  // First what it is made with, which the build keeps in a file of its own: a file that is missing is looked for again, while a
  // module of the bundle that has failed to load fails for good.
  await import("@azure/msal-node");
  return import("./managed-identity-credential.ts");
}
