/*
 * Imported by `managed-identity.ts` alone, and dynamically. Naming here what is needed of `@azure/identity` keeps the rest of
 * that package out of the bundle.
 */
export { ManagedIdentityCredential } from "@azure/identity";
