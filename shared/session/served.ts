import type { StoredSession } from "../account/document.ts";
import { beganTooEarly } from "../account/not-before.ts";
import type { App, Invocation } from "../app/app.ts";

/** Whether a session of this tenant is served. Those that began before a time that an administrator has set are not. */
export type IsServed = (session: Pick<StoredSession, "createdAt" | "startedAt">, tenantId: string) => boolean;

/** Which sessions are served now, or were a few seconds ago. @throws {StoreUnavailableError} when the store has not said for longer */
export async function whatIsServed(
  { notBefore, configuration, timing }: Pick<App, "notBefore" | "configuration" | "timing">,
  { signal }: Pick<Invocation, "signal">,
): Promise<IsServed> {
  const latest = await notBefore.get(signal);
  const { notBefore: setting } = configuration.session;
  return (session, tenantId) => !beganTooEarly(session, tenantId, latest, setting, timing.clock.now());
}
