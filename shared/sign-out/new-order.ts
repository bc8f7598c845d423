import type { App } from "../app/app.ts";
import type { OrderSettings, SignOutOrder } from "./order.ts";

/** An order that is given now. What it does not say names nothing. */
export function newOrder(
  app: App,
  order: Pick<SignOutOrder, "origin" | "reach"> & Partial<SignOutOrder>,
): SignOutOrder {
  return {
    accountKey: null,
    sessionKey: null,
    sidKey: null,
    subjectKey: null,
    requestedAt: timeNow(app),
    requestedTick: app.clock.tick(),
    settings: settingsOf(app),
    ...order,
  };
}

/** The settings that an order is given under. */
export function settingsOf({ configuration }: App): OrderSettings {
  const { signOut, session } = configuration;
  return { scope: signOut.scope, idleTimeoutMinutes: session.idleTimeoutMinutes };
}

/** The latest that it can be now by the store's clock, ISO 8601, UTC; null if that is not known. */
export function timeNow({ clock }: App): string | null {
  const bounds = clock.bounds();
  return bounds ? new Date(bounds.latest).toISOString() : null;
}
