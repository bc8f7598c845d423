import type { Configuration } from "../shared/configuration/configuration.ts";
import { daysBeforeExpiry } from "../shared/identity/credential-expiry.ts";
import type { Telemetry } from "../shared/telemetry/log.ts";

const dayMs = 24 * 60 * 60_000;

/** Says now, and then once a day, whether the app's secret or certificate expires soon. */
export function watchCredential({ azureAd }: Pick<Configuration, "azureAd">, telemetry: Telemetry): void {
  const { credential } = azureAd;
  if (credential.kind === "managedIdentity") return;
  const look = () => {
    const days = daysBeforeExpiry(credential, Date.now());
    if (days !== undefined) telemetry.warn("credential_expires_soon", { kind: credential.kind, days });
  };
  look();
  setInterval(look, dayMs).unref();
}
