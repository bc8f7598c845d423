import { isRecord } from "../core/encoding.ts";
import { isTick, type Tick } from "../store/clock.ts";

/** Where a sign-out began. */
const origins = [
  "app",
  "front_channel",
  "back_channel",
  "sessions_page",
  "administrator",
  "replaced",
  "displaced",
  "token_refused",
] as const;

export type SignOutOrigin = (typeof origins)[number];

/**
 * A sign-out in words that survive the process: what is to end, and when that was asked for. Holds hashes only, nothing
 * that opens or identifies anything.
 */
export interface SignOutOrder {
  readonly origin: SignOutOrigin;
  /** Null when only the `sid` is known: the index tells the account. */
  readonly accountKey: string | null;
  /** The named sessions: this one, and those of this `sid`. */
  readonly sessionKey: string | null;
  readonly sidKey: string | null;
  /** Leads to the account where neither its key nor a `sid` is known. */
  readonly subjectKey: string | null;
  /**
   * What ends: the named sessions; where one of them is there, what `SignOut__Scope` makes of it, or everything; or every
   * session of the account in any case.
   */
  readonly reach: "named" | "scope" | "everywhere" | "account";
  /**
   * When it was asked for, at the latest, by the store's clock: ISO 8601, UTC. Null where the clock was not known: then the
   * order means whatever is there when it is carried out.
   */
  readonly requestedAt: string | null;
  /** The same as the instance counts that was asked. */
  readonly requestedTick?: Tick;
  /** The settings of that moment; an order of an earlier version has none, and goes by those of whoever finishes it. */
  readonly settings?: OrderSettings;
  /**
   * Whether the order came with a cookie that could not be looked up. One that opened nothing by then has no say about
   * other browsers.
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
export function isOfProvider({ origin }: SignOutOrder): boolean {
  return origin === "front_channel" || origin === "back_channel";
}

/** Whether `value`, as read from a queue, is an order. */
export function isSignOutOrder(value: unknown): value is SignOutOrder {
  if (!isRecord(value)) return false;
  const keys = [value["accountKey"], value["sessionKey"], value["sidKey"], value["subjectKey"]];
  return (
    origins.some((origin) => origin === value["origin"]) &&
    keys.every((key) => key === null || typeof key === "string") &&
    ["named", "scope", "everywhere", "account"].includes(String(value["reach"])) &&
    isTimeOrNull(value["requestedAt"]) &&
    (value["requestedTick"] === undefined || isTick(value["requestedTick"])) &&
    (value["settings"] === undefined || isOrderSettings(value["settings"])) &&
    (value["unproven"] === undefined || value["unproven"] === true)
  );
}

function isTimeOrNull(value: unknown): boolean {
  return value === null || (typeof value === "string" && !Number.isNaN(Date.parse(value)));
}

function isOrderSettings(value: unknown): boolean {
  return (
    isRecord(value) &&
    (value["scope"] === "account" || value["scope"] === "session") &&
    typeof value["idleTimeoutMinutes"] === "number"
  );
}
