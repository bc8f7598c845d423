import type { StoredSession } from "../account/document.ts";
import type { Timing } from "../account/store.ts";

/**
 * What a session is worth without asking the identity provider again:
 * - "confirmed": it answered for the session within the time of the settings, or is never asked
 * - "due": it has to be asked, and the session serves while it does not answer
 * - "overdue": it has not answered for twice that time, so the session no longer serves without its answer
 */
export type Standing = "confirmed" | "due" | "overdue";

export function standingOf(
  { createdAt, revalidatedAt = createdAt }: StoredSession,
  { revalidateMinutes }: { readonly revalidateMinutes: number },
  now: number,
): Standing {
  const waited = (now - Date.parse(revalidatedAt)) / 60_000;
  if (revalidateMinutes === 0 || waited < revalidateMinutes) return "confirmed";
  return waited < 2 * revalidateMinutes ? "due" : "overdue";
}

/** The session, marked as one for which the identity provider has just answered. */
export function answeredNow(stored: StoredSession, { clock }: Timing): StoredSession {
  return { ...stored, revalidatedAt: new Date(clock.now()).toISOString() };
}
