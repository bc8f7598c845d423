import type { App } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { shared } from "../core/waiting.ts";
import { readNotification, type Notified } from "./notification.ts";
import { readState } from "./state.ts";

export interface NotificationRead {
  /** Undefined for what no notification looks like. */
  readonly notified: Notified | undefined;
  /** False if it was refused, and the secret was last read before it came: the app may have subscribed anew since. */
  readonly isCertain: boolean;
}

const readAgainAfterMs = 5_000;
/** Leaves the queue time within the 3 s that Microsoft Graph waits. */
const timeoutMs = 1_200;

/**
 * Reads the bodies of notifications. It remembers the hash of the subscription's secret, and reads it from the store if a
 * notification does not have that secret. Whoever sends forged notifications causes one such read every few seconds at most.
 */
export function notificationReader(
  app: App,
  directory: DirectoryConfiguration,
): (body: unknown) => Promise<NotificationRead> {
  const { tenantId } = directory;
  let clientState: string | null = null;
  const readSecret = shared(
    async () => {
      const readAt = performance.now();
      ({ clientState } = await readState(app, directory, AbortSignal.timeout(timeoutMs)));
      return { readAt };
    },
    () => readAgainAfterMs,
  );
  return async (body) => {
    const cameAt = performance.now();
    const first = readNotification(body, { tenantId, clientState });
    if (first === undefined || first.refused === 0) return { notified: first, isCertain: true };
    const { readAt } = await readSecret();
    const notified = readNotification(body, { tenantId, clientState });
    return { notified, isCertain: readAt >= cameAt || notified?.refused === 0 };
  };
}
