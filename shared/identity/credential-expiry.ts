import { X509Certificate } from "node:crypto";
import type { ClientCredential } from "../configuration/azure-ad.ts";

/** What `/readyz` says meanwhile. Anyone may ask it, so it does not say when. */
export const credentialExpiresSoon = {
  code: "credential_expires_soon",
  detail:
    "The app's client secret or certificate expires within 30 days, or has expired; then nobody can sign in. " +
    "The event credential_expires_soon in the log has the days that are left: replace it.",
} as const;

const warningDays = 30;
const dayMs = 24 * 60 * 60_000;

/**
 * How many whole days are left before the credential expires; less than 0 if it has expired.
 * @returns undefined if there are more than 30, nobody has said when it expires, or it is a managed identity, which does not
 */
export function daysBeforeExpiry(credential: ClientCredential, now: number): number | undefined {
  const days = Math.floor((endOf(credential) - now) / dayMs);
  return days <= warningDays ? days : undefined;
}

function endOf(credential: ClientCredential): number {
  switch (credential.kind) {
    case "secret":
      return credential.expiresAt ? Date.parse(credential.expiresAt) : Infinity;
    case "certificate":
      return Date.parse(new X509Certificate(credential.pem).validTo);
    case "managedIdentity":
      return Infinity;
  }
}
