import type { App } from "../app/app.ts";
import type { SignOutOrigin } from "../app/sign-out-origins.ts";
import type { Tick } from "../store/clock.ts";

/**
 * A sign-out order: what is to end, and when that was asked for. Because it can wait in the queue, it holds only hashes:
 * nothing in it opens a session or identifies a person.
 */
export interface SignOutOrder {
  readonly origin: SignOutOrigin;
  /** Null if only the `sid` or the subject is known: the index leads from there to the account. */
  readonly accountKey: string | null;
  /** The session that the order names. */
  readonly sessionKey: string | null;
  /** The order names all sessions of this `sid`. */
  readonly sidKey: string | null;
  /** Leads to the account if neither its key nor a `sid` is known. */
  readonly subjectKey: string | null;
  /** The entry of the person, for an order for the account itself. A guest's leads to the account, instead of `accountKey`. */
  readonly personKey?: string;
  /**
   * What ends:
   * - "named": the named sessions
   * - "scope": if one of them is there, what `SignOut__Scope` says
   * - "everywhere": if one of them is there, the account's sessions
   * - "account": the account's sessions in any case
   */
  readonly reach: "named" | "scope" | "everywhere" | "account";
  /**
   * The latest time at which it may have been asked for, by the store's clock: ISO 8601, UTC. Null if that clock was not
   * known: then the order ends whatever is there when it is carried out.
   */
  readonly requestedAt: string | null;
  /** The same moment, as counted by the instance that was asked. */
  readonly requestedTick?: Tick;
  /** The settings at that moment. An order of an earlier version has none; those of the instance that finishes it apply. */
  readonly settings?: OrderSettings;
  /**
   * The order came with a cookie that could not be looked up. If that cookie opened no session at the time, other browsers
   * stay signed in.
   */
  readonly unproven?: true;
}

export interface OrderSettings {
  /** `SignOut__Scope` */
  readonly scope: "account" | "session";
  /** `Session__IdleTimeoutMinutes` */
  readonly idleTimeoutMinutes: number;
}

/** Whether the identity provider has signed the person out, rather than somebody here. */
export function isFromIdentityProvider({ origin }: SignOutOrder): boolean {
  return origin === "front_channel" || origin === "back_channel";
}

/**
 * Whether the account itself is signed out, not sessions that somebody or the identity provider has named. Sign-ins that began
 * earlier, and are still under way, are refused.
 */
export function isForAccount({ origin, reach }: SignOutOrder): boolean {
  return (origin === "administrator" || origin === "directory") && reach === "account";
}

/** An order that is given now. Keys that `order` does not have are null: they name nothing. */
export function newOrder(
  app: App,
  order: Pick<SignOutOrder, "origin" | "reach"> & Partial<SignOutOrder>,
): SignOutOrder {
  return {
    accountKey: null,
    sessionKey: null,
    sidKey: null,
    subjectKey: null,
    requestedAt: latestNow(app),
    requestedTick: app.clock.tick(),
    settings: settingsOf(app),
    ...order,
  };
}

/** The order, as if it had been given at another time. */
export function datedAs(order: SignOutOrder, requestedAt: string, requestedTick?: Tick): SignOutOrder {
  const { requestedTick: _, ...undated } = order;
  return { ...undated, requestedAt, ...(requestedTick && { requestedTick }) };
}

/** The settings that an order is given under. */
export function settingsOf({ configuration }: App): OrderSettings {
  const { signOut, session } = configuration;
  return { scope: signOut.scope, idleTimeoutMinutes: session.idleTimeoutMinutes };
}

/** The latest that it can be now by the store's clock, ISO 8601, UTC; null if that is not known. */
export function latestNow({ clock }: App): string | null {
  const bounds = clock.bounds();
  return bounds ? new Date(bounds.latest).toISOString() : null;
}
