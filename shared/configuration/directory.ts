import type { AzureAdConfiguration } from "./azure-ad.ts";
import { cloudOf } from "./clouds.ts";
import { isNcrontab } from "./ncrontab.ts";
import { isGuid, type SettingsReader } from "./settings-reader.ts";
import { settings } from "./settings.ts";

/** The directory that ends sessions by itself. */
export interface DirectoryConfiguration {
  readonly tenantId: string;
  /** Origin of Microsoft Graph, without a trailing slash. */
  readonly graphUrl: string;
  /** NCRONTAB. */
  readonly schedule: string;
}

/** @returns undefined if the directory ends no sessions */
export function readDirectory(read: SettingsReader, azureAd: AzureAdConfiguration): DirectoryConfiguration | undefined {
  const isOn = read.oneOf(settings.directoryNotifications, ["true", "false"], "false") === "true";
  const tenantId = readTenant(read, azureAd, isOn);
  const graphUrl = read.url(settings.directoryGraphUrl, "https or loopback", cloudOf(azureAd.authorityHost).graphs[0]);
  const schedule = read.optional(settings.directorySchedule, isNcrontab);
  if (!isOn) return undefined;
  return {
    tenantId: tenantId.toLowerCase(),
    graphUrl: URL.parse(graphUrl)?.origin ?? "",
    schedule: schedule ?? settings.directorySchedule.default,
  };
}

function readTenant(read: SettingsReader, azureAd: AzureAdConfiguration, isOn: boolean): string {
  if (!isGuid(azureAd.tenantId)) {
    return isOn
      ? read.required(settings.directoryTenantId, isGuid)
      : (read.optional(settings.directoryTenantId, isGuid) ?? "");
  }
  const tenantId = read.optional(settings.directoryTenantId, isGuid) ?? azureAd.tenantId;
  if (tenantId.toLowerCase() !== azureAd.tenantId) {
    read.fail(settings.directoryTenantId, `contradicts ${settings.tenantId.name}, which already names one tenant`);
  }
  return tenantId;
}
