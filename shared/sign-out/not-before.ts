import {
  longestLifetime,
  nobodyOut,
  notBeforeId,
  type NotBefore,
  type NotBeforeDocument,
} from "../account/not-before.ts";
import type { App, Invocation } from "../app/app.ts";
import { ProblemError } from "../core/errors.ts";
import { settledWith, untilSettled, type Attempt } from "../store/contention.ts";
import { StoreUnavailableError } from "../store/errors.ts";
import type { Versioned } from "../store/point-operations.ts";
import { latestNow } from "./order.ts";

/** Whose sessions are meant: those of one tenant, or everybody's. */
export type Whose = { readonly tenantId: string | undefined };

/** A document with so many is still read at once, every few seconds, by every instance. */
const maxTenants = 1_000;

/** From when on sessions count, as the store has it now. */
export async function readNotBefore(app: App, { signal }: Invocation): Promise<NotBefore> {
  return partsOf(await read(app, signal));
}

/**
 * Signs everybody out, or one tenant, whose sign-in began before a time. Their sessions are not served any more: at once on this
 * instance, within ten seconds on the others.
 * @param time ISO 8601, UTC; by default, now
 * @throws {ProblemError} `invalid_request` for a time in the future; `store_unavailable`, `store_contention`: nothing has changed
 *   for certain
 */
export async function setNotBefore(
  app: App,
  whose: Whose,
  time: string | undefined,
  invocation: Invocation,
): Promise<NotBefore> {
  await app.learnTime();
  const now = latestNow(app) ?? new Date(app.clock.now()).toISOString();
  if (time !== undefined && time > now) throw new ProblemError("invalid_request", "The time is in the future.");
  return change(app, whose, time ?? now, invocation);
}

/** Takes back what {@link setNotBefore} has set. Sessions that have not ended meanwhile are served again. */
export async function removeNotBefore(app: App, whose: Whose, invocation: Invocation): Promise<NotBefore> {
  return change(app, whose, null, invocation);
}

async function change(
  app: App,
  { tenantId }: Whose,
  time: string | null,
  { signal, telemetry }: Invocation,
): Promise<NotBefore> {
  const { notBefore: operations } = await app.store();
  const oldest = new Date(app.clock.now() - longestLifetime * 1000).toISOString();
  const attempt = async (
    current: Versioned<NotBeforeDocument> | undefined,
  ): Promise<Attempt<NotBeforeDocument, NotBefore>> => {
    const changed = withTime(partsOf(current), tenantId, time, oldest);
    const document = { id: notBeforeId, ttl: longestLifetime, ...changed };
    const answer = current
      ? await operations.replace(document, current.etag, signal)
      : await operations.create(document, signal);
    if (answer.outcome === "conflict") return { outcome: "refused", current: answer.current };
    if (answer.outcome === "created" || answer.outcome === "replaced") return settledWith(changed);
    return { outcome: "refused", current: undefined, failure: new StoreUnavailableError("write not-before") };
  };
  const changed = await untilSettled(operations, notBeforeId, await read(app, signal), attempt, signal);
  app.notBefore.put(changed);
  telemetry.warn("not_before_changed", { of: tenantId === undefined ? "everybody" : "tenant", set: time !== null });
  return changed;
}

/** Pure. @param oldest times before this one have no effect any more, and are dropped */
function withTime(
  { everybody, tenants }: NotBefore,
  tenantId: string | undefined,
  time: string | null,
  oldest: string,
): NotBefore {
  if (tenantId === undefined) return { everybody: time, tenants };
  const id = tenantId.toLowerCase();
  const others = Object.entries(tenants).filter(([other, at]) => other !== id && at > oldest);
  const all = time === null ? others : [...others, [id, time] as const];
  if (all.length > maxTenants) {
    throw new ProblemError("invalid_request", `There are ${maxTenants} tenants already. Sign everybody out instead.`);
  }
  return { everybody, tenants: Object.fromEntries(all) };
}

async function read(app: App, signal: AbortSignal): Promise<Versioned<NotBeforeDocument> | undefined> {
  return (await app.store()).notBefore.read(notBeforeId, signal);
}

function partsOf(stored: Versioned<NotBeforeDocument> | undefined): NotBefore {
  const { everybody, tenants } = stored?.document ?? nobodyOut;
  return { everybody, tenants };
}
