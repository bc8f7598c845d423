import type { Setting } from "./setting.ts";

/** A directory that ends sessions. */
export const directorySettings = {
  directoryNotifications: {
    name: "Directory__Notifications",
    meaning:
      "Whether the directory ends sessions: Microsoft Graph notifies the app when an account is disabled, deleted or has its sessions revoked. Read [directory.md](directory.md) before you turn it on.",
    expects: "true or false",
    default: "false",
  },
  directoryTenantId: {
    name: "Directory__TenantId",
    meaning: "The tenant whose directory it is, unless `AzureAd__TenantId` is its GUID.",
    expects: "a GUID; always with Directory__Notifications unless AzureAd__TenantId is one",
  },
  directoryGraphUrl: {
    name: "Directory__GraphUrl",
    meaning: "Microsoft Graph, for notifications. By default, that of the cloud which `AzureAd__Instance` is in.",
    expects: "an https:// URL",
  },
  directorySchedule: {
    name: "Directory__Schedule",
    meaning:
      "When the timer renews the subscription, looks at the users that have changed, and, once a day, compares with the directory.",
    expects: "an NCRONTAB expression of six fields, in UTC",
    default: "30 */5 * * * *",
  },
} as const satisfies Record<string, Setting>;
