import { hostSettings } from "./host-settings.ts";
import { isNcrontab } from "./ncrontab.ts";
import type { SettingsReader } from "./settings-reader.ts";
import { formerMaxAttempts, settings } from "./settings.ts";

export type QueueConnection =
  | { readonly kind: "connectionString"; readonly connectionString: string }
  | { readonly kind: "identity"; readonly serviceUri: string; readonly clientId: string | undefined };

/** What a sign-out ends, and how a deferred one is finished. */
export interface SignOutConfiguration {
  readonly scope: "account" | "session";
  /** The storage account whose queue holds deferred sign-outs. Undefined if there is none: then no sign-out can be deferred. */
  readonly queue: QueueConnection | undefined;
  /** NCRONTAB. */
  readonly finishSchedule: string;
  readonly maxAttempts: number;
  readonly retrySeconds: number;
}

export function readSignOut(read: SettingsReader): SignOutConfiguration {
  const schedule = read.optional(settings.signOutSchedule, isNcrontab);
  const former = { ...settings.signOutMaxAttempts, name: formerMaxAttempts };
  const attempts = read.raw(settings.signOutMaxAttempts.name) === undefined ? former : settings.signOutMaxAttempts;
  return {
    scope: read.oneOf(settings.signOutScope, ["account", "session"], "account"),
    queue: readQueueConnection(read),
    finishSchedule: schedule ?? settings.signOutSchedule.default,
    maxAttempts: read.integer(attempts, { min: 1, max: 10_000, default: 120 }),
    retrySeconds: read.integer(settings.signOutRetrySeconds, { min: 1, max: 3600, default: 60 }),
  };
}

/**
 * Reads the storage account as the Functions host does. The settings are the host's, so the host reports what is wrong with
 * them.
 */
function readQueueConnection(read: SettingsReader): QueueConnection | undefined {
  const connectionString = read.raw(hostSettings.storage.name);
  if (connectionString !== undefined) return { kind: "connectionString", connectionString };
  const accountName = read.raw(hostSettings.storageAccountName.name);
  const serviceUri =
    read.raw(hostSettings.queueServiceUri.name) ?? (accountName && `https://${accountName}.queue.core.windows.net`);
  if (serviceUri === undefined) return undefined;
  return { kind: "identity", serviceUri, clientId: read.raw(hostSettings.storageClientId.name) };
}
