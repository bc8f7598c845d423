/*
 * Only `managed-identity.ts` imports this file, dynamically. Exporting just this class keeps the rest of `@azure/identity` out
 * of the bundle.
 */
export { ManagedIdentityCredential } from "@azure/identity";
