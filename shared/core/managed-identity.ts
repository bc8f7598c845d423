import { ManagedIdentityCredential } from "@azure/identity";

/**
 * The function app's managed identity. Import this module dynamically, so that whoever has another credential does not
 * pay for it at start; naming what is needed of `@azure/identity` here keeps the rest of that package out of the bundle.
 * @param clientId of a user-assigned identity; without it the system-assigned one
 */
export function managedIdentity(clientId?: string): ManagedIdentityCredential {
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
