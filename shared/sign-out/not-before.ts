import {
  notBeforeId,
  storedNotBefore,
  timesIn,
  type NotBefore,
  type NotBeforeDocument,
} from "../account/not-before.ts";
import { longestLifetime } from "../account/stored-entry.ts";
import type { App, Invocation } from "../app/app.ts";
import { ProblemError } from "../core/errors.ts";
import { untilSettled } from "../store/contention.ts";
import type { Versioned } from "../store/point-operations.ts";
import { writeOver } from "../store/write-over.ts";
import { latestNow } from "./order.ts";

/** Whose sessions are meant: those of one tenant, or everybody's. */
export type Whose = { readonly tenantId: string | undefined };

/** A document with so many is still read at once, every few seconds, by every instance. */
const maxTenants = 1_000;

/** From when on sessions count, as the store has it now. */
export async function readNotBefore(app: App, { signal }: Invocation): Promise<NotBefore> {
  return storedNotBefore((await app.store()).notBefore, signal);
}

/**
 * Signs everybody out, or one tenant, whose sign-in began before a time. Their sessions are not served any more: at once on this
 * instance, within ten seconds on the others.
 * @param time ISO 8601, UTC; by default, now. One that is earlier than what is set changes nothing
 * @throws {ProblemError} `invalid_request` for a time in the future; `store_unavailable` or `store_contention` when it is not
 *   certain that the time is set
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
  const seen = await operations.read(notBeforeId, signal);
  const oldest = new Date(app.clock.now() - longestLifetime * 1000).toISOString();
  const attempt = async (current: Versioned<NotBeforeDocument> | undefined) => {
    const changed = withTime(timesIn(current), tenantId, time, oldest);
    return writeOver(operations, { id: notBeforeId, ttl: longestLifetime, ...changed }, current, changed, signal);
  };
  const changed = await untilSettled(operations, notBeforeId, seen, attempt, signal);
  app.notBefore.put(changed);
  telemetry.warn("not_before_changed", { of: tenantId === undefined ? "everybody" : "tenant", set: time !== null });
  return changed;
}

/**
 * Pure. Of two times, the later one counts, so that nobody who was signed out is served again unless that is taken back.
 * @param time null: takes it back
 * @param oldest times before this one have no effect any more, and are dropped
 */
function withTime(
  { everybody, tenants }: NotBefore,
  tenantId: string | undefined,
  time: string | null,
  oldest: string,
): NotBefore {
  if (tenantId === undefined) return { everybody: later(everybody, time), tenants };
  const id = tenantId.toLowerCase();
  const others = Object.entries(tenants).filter(([other, at]) => other !== id && at > oldest);
  const own = later(tenants[id] ?? null, time);
  const all = own === null ? others : [...others, [id, own] as const];
  if (all.length > maxTenants) {
    throw new ProblemError("invalid_request", `There are ${maxTenants} tenants already. Sign everybody out instead.`);
  }
  return { everybody, tenants: Object.fromEntries(all) };
}

/** Both in the form of `Date.toISOString`. */
function later(set: string | null, time: string | null): string | null {
  return time !== null && set !== null && set > time ? set : time;
}
