import type { AccountDocument, Change, StoredSession } from "../account/document.ts";
import { changeSession } from "../account/fit-session.ts";
import { changeAccount } from "../account/change-account.ts";
import type { Timing } from "../account/store.ts";
import type { App, Invocation } from "../app/app.ts";
import { problemCodeOf, SignInRequiredError } from "../core/errors.ts";
import { sessionLost } from "./ended.ts";
import type { ResolvedSession } from "./resolve.ts";

/** The part of the idle timeout after which the use of a session is worth a write. */
const extendAfter = 1 / 4;
/** Enough for a second attempt if the first gets no answer. The rest of the time belongs to the request itself. */
const extendTimeoutMs = 3_500;

/**
 * The uses that are counted or being written. Each request resolves a session object of its own, so an entry is one request's.
 */
const counted = new WeakMap<ResolvedSession, Promise<void>>();

/**
 * Counts a request as a use of its session, which extends the idle lifetime. That takes one write, and only after a good part
 * of the idle timeout. A request may use its session several times, also at once, but counts only once.
 * @throws {SignInRequiredError} when the write finds the session gone: it was signed out a moment ago
 */
export async function useSession(
  app: Pick<App, "store" | "timing">,
  session: ResolvedSession,
  invocation: Invocation,
): Promise<void> {
  const use = counted.get(session) ?? extendIfDue(app, session, invocation);
  counted.set(session, use);
  await use;
}

/** Counts the use of a session that was just written with {@link usedNow}. */
export function countStoredUse(session: ResolvedSession): void {
  counted.set(session, Promise.resolve());
}

/** The session, marked as used now: for a write that counts as a use. */
export function usedNow(stored: StoredSession, { clock }: Timing): StoredSession {
  return { ...stored, lastSeenAt: new Date(clock.now()).toISOString() };
}

async function extendIfDue(
  app: Pick<App, "store" | "timing">,
  session: ResolvedSession,
  invocation: Invocation,
): Promise<void> {
  const { clock, lifetimes } = app.timing;
  const unusedMs = clock.now() - Date.parse(session.stored.lastSeenAt);
  if (unusedMs < lifetimes.idleTimeoutMinutes * 60_000 * extendAfter) return;
  try {
    await extend(app, session, AbortSignal.any([invocation.signal, AbortSignal.timeout(extendTimeoutMs)]));
  } catch (error) {
    if (error instanceof SignInRequiredError) throw error;
    // The session is valid. Only its extension could not be stored, and the next request tries again.
    invocation.telemetry.warn("request_failed", { step: "extend_idle_lifetime", code: problemCodeOf(error) });
  }
}

async function extend(
  { store, timing }: Pick<App, "store" | "timing">,
  session: ResolvedSession,
  signal: AbortSignal,
): Promise<void> {
  const { sessionKey } = session;
  const decide = (document: AccountDocument): Change =>
    isUsedSince(session, document)
      ? { kind: "none" }
      : changeSession(document, sessionKey, (stored) => usedNow(stored, timing));
  const { accounts } = await store();
  const { before } = await changeAccount(accounts, session.account, decide, timing, signal);
  if (!before || !Object.hasOwn(before.sessions, sessionKey)) throw sessionLost();
}

/** Whether another request, of the same page for example, has extended the session meanwhile. */
function isUsedSince({ sessionKey, stored }: ResolvedSession, { sessions }: AccountDocument): boolean {
  const usedAt = Object.hasOwn(sessions, sessionKey) ? sessions[sessionKey]?.lastSeenAt : undefined;
  return usedAt !== undefined && usedAt > stored.lastSeenAt;
}
