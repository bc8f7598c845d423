import { isRecord } from "../core/encoding.ts";
import { isTick } from "../store/clock.ts";
import { origins } from "../app/sign-out-origins.ts";
import type { SignOutOrder } from "./order.ts";

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
    (value["personKey"] === undefined || typeof value["personKey"] === "string") &&
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
