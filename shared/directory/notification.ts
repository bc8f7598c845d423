import { timingSafeEqual } from "node:crypto";
import { isGuid } from "../configuration/settings-reader.ts";
import { isRecord, sha256Base64Url } from "../core/encoding.ts";

/** What Microsoft Graph says about the subscription itself. */
export type LifecycleEvent = "reauthorizationRequired" | "subscriptionRemoved" | "missed";

/** A request of Microsoft Graph's, as far as it is one. */
export interface Notified {
  /** Object ids of the users that have changed, in lower case, each once. */
  readonly users: readonly string[];
  readonly lifecycle: ReadonlySet<LifecycleEvent>;
  /** The number of members that do not have the subscription's secret, or are not about this directory. */
  readonly refused: number;
}

/**
 * Reads the body of a notification. It tells only whose account has changed, so that a forged one could do no more than have
 * the app ask Microsoft Graph.
 * @param clientState hash of the subscription's secret
 * @returns undefined for what no notification looks like
 */
export function readNotification(
  body: unknown,
  { tenantId, clientState }: { readonly tenantId: string; readonly clientState: string | null },
): Notified | undefined {
  if (!isRecord(body) || !Array.isArray(body["value"])) return undefined;
  const members = body["value"].filter(isRecord);
  const own = members.filter((member) => isOwn(member, tenantId, clientState));
  return {
    users: [...new Set(own.flatMap(userIn))],
    lifecycle: new Set(own.flatMap(lifecycleIn)),
    refused: body["value"].length - own.length,
  };
}

function isOwn(member: Record<string, unknown>, tenantId: string, clientState: string | null): boolean {
  const { clientState: given, tenantId: of } = member;
  if (typeof given !== "string" || clientState === null) return false;
  const isSecret = timingSafeEqual(
    Buffer.from(sha256Base64Url(given)),
    Buffer.from(clientState.padEnd(43).slice(0, 43)),
  );
  return isSecret && typeof of === "string" && of.toLowerCase() === tenantId;
}

function userIn({ lifecycleEvent, resourceData }: Record<string, unknown>): string[] {
  if (typeof lifecycleEvent === "string" || !isRecord(resourceData)) return [];
  const { id } = resourceData;
  return typeof id === "string" && isGuid(id) ? [id.toLowerCase()] : [];
}

const lifecycleEvents = ["reauthorizationRequired", "subscriptionRemoved", "missed"] as const;

function lifecycleIn({ lifecycleEvent }: Record<string, unknown>): LifecycleEvent[] {
  return lifecycleEvents.filter((event) => event === lifecycleEvent);
}
