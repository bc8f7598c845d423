import type { Configuration } from "../configuration/configuration.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { isRecord, sha256Base64Url } from "../core/encoding.ts";
import type { Stored } from "../store/point-operations.ts";

/** What the app keeps about its subscription to the directory, and how far it has compared itself with it. No person is in it. */
export interface DirectoryState extends Stored {
  /** Null until Microsoft Graph has confirmed the subscription. */
  readonly subscriptionId: string | null;
  /** SHA-256 of the subscription's `clientState`: nobody who reads the store can forge a notification. */
  readonly clientState: string | null;
  /** When Microsoft Graph was last asked to let it live on: ISO 8601, UTC. */
  readonly renewedAt: string | null;
  /** Where the comparison goes on: the next page or, if that is empty, what has changed since {@link comparedAt}. */
  readonly nextLink: string | null;
  readonly deltaLink: string | null;
  /** When the last comparison came to its end. */
  readonly comparedAt: string | null;
}

/** Minutes that Microsoft Graph lets a subscription to users live at most. */
const longestMinutes = 41_760;
/** How long the app has a subscription live, in milliseconds. An hour less, in case the clocks differ. */
export const subscriptionLifetimeMs = (longestMinutes - 60) * 60_000;

/** What Microsoft Graph calls. The path is that of the function `directory-notifications`. */
export function notificationUrlOf({ publicBaseUrl }: Pick<Configuration, "publicBaseUrl">): string {
  return `${publicBaseUrl}/auth/directory-notifications`;
}

/** Another tenant, Graph or address of the app needs another subscription, so it has another state. */
export function stateKeyOf(
  configuration: Pick<Configuration, "publicBaseUrl">,
  { tenantId, graphUrl }: DirectoryConfiguration,
): string {
  return sha256Base64Url("directory", tenantId, graphUrl, notificationUrlOf(configuration));
}

/** Whether Microsoft Graph still notifies the app. */
export function isSubscribed({ subscriptionId, renewedAt }: DirectoryState, now: number): boolean {
  return subscriptionId !== null && now - Date.parse(renewedAt ?? "") < subscriptionLifetimeMs;
}

export function isDirectoryState(value: unknown): value is DirectoryState {
  if (!isRecord(value)) return false;
  const { subscriptionId, clientState, renewedAt, nextLink, deltaLink, comparedAt } = value;
  return [subscriptionId, clientState, renewedAt, nextLink, deltaLink, comparedAt].every(
    (member) => member === null || typeof member === "string",
  );
}

/** Of a state that this version cannot read, nothing is used: the app subscribes and compares anew. */
export function newDirectoryState({ id, writeId = "" }: Readonly<Record<string, unknown>>): DirectoryState {
  return {
    id: String(id),
    // Longer than a subscription lives (29 days at most). It is written anew with each renewal.
    ttl: 30 * 24 * 3600,
    writeId: String(writeId),
    subscriptionId: null,
    clientState: null,
    renewedAt: null,
    nextLink: null,
    deltaLink: null,
    comparedAt: null,
  };
}
