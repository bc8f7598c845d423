import { isGuid } from "../configuration/settings-reader.ts";
import { isRecord } from "../core/encoding.ts";
import type { PointOperations, Stored, Versioned } from "../store/point-operations.ts";
import type { StoredSession } from "./document.ts";
import { longestLifetime } from "./stored-entry.ts";

/** Id of the document, in the container `sids`. */
export const notBeforeId = "not-before";

/** Sessions whose sign-in began before these times are not served. ISO 8601, UTC, by the store's clock. */
export interface NotBefore {
  readonly everybody: string | null;
  /** By tenant id, in lower case. */
  readonly tenants: Readonly<Record<string, string>>;
}

/** As an administrator has set it. There is none until then. */
export interface NotBeforeDocument extends Stored, NotBefore {}

export const nothingSet: NotBefore = { everybody: null, tenants: {} };

/** The times as the store has them now. */
export async function storedNotBefore(
  operations: Pick<PointOperations<NotBeforeDocument>, "read">,
  signal: AbortSignal,
): Promise<NotBefore> {
  return timesIn(await operations.read(notBeforeId, signal));
}

export function timesIn(stored: Versioned<NotBeforeDocument> | undefined): NotBefore {
  const { everybody, tenants } = stored?.document ?? nothingSet;
  return { everybody, tenants };
}

export function isNotBeforeDocument(value: unknown): value is NotBeforeDocument {
  if (!isRecord(value)) return false;
  const { everybody, tenants } = value;
  return (everybody === null || isTime(everybody)) && isRecord(tenants) && Object.entries(tenants).every(isOfTenant);
}

function isOfTenant([tenantId, time]: readonly [string, unknown]): boolean {
  return isGuid(tenantId) && isTime(time);
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

/** Stands for a document that this version cannot read: in doubt, whoever signed in before it was written is out. */
export function unreadableNotBefore(stored: Readonly<Record<string, unknown>>): NotBeforeDocument {
  const { id, writeId, _ts: seconds } = stored;
  const everybody = new Date(typeof seconds === "number" ? seconds * 1000 : Date.now()).toISOString();
  return { id: String(id), ttl: longestLifetime, writeId: String(writeId), everybody, tenants: {} };
}

/**
 * Whether a session is not served because its sign-in began too early, or may have.
 * @param setting `Session__NotBefore`. A time in the future has no effect until it comes. An administrator cannot set one, but
 *   the latest that it can be now is a little ahead of `now`
 */
export function beganTooEarly(
  { createdAt, startedAt = createdAt }: Pick<StoredSession, "createdAt" | "startedAt">,
  tenantId: string,
  { everybody, tenants }: NotBefore,
  setting: string | undefined,
  now: number,
): boolean {
  const start = Date.parse(startedAt);
  const isLater = (time: string | null | undefined) => start < Date.parse(time ?? "");
  const hasCome = Date.parse(setting ?? "") <= now;
  return isLater(everybody) || isLater(tenants[tenantId.toLowerCase()]) || (hasCome && isLater(setting));
}
