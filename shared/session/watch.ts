import type { Invocation } from "../app/app.ts";
import { ProblemError } from "../core/errors.ts";
import { sessionLost } from "./ended.ts";
import { resolveSession, type ResolvedSession, type SessionFinder } from "./resolve.ts";

/** Between two looks at the store. Most requests are over before the first one, and cost nothing. */
const lookEveryMs = 4_000;
/** After a look that brought no answer for so long, a session counts as ended: what is in doubt is signed out. */
const trustedForMs = 9_000;

/** Watches for as long as something goes on that is only for somebody who waits for it, and whose session is still there. */
export interface SessionWatch {
  /** Aborts, with the reason, when the session has ended or the browser has gone. */
  readonly end: AbortSignal;
  /** Stops watching: there is nothing more to end. */
  readonly stop: () => void;
}

/**
 * Looks at the store every few seconds whether the session is still there, so that what goes on for longer ends within ten seconds
 * of a sign-out, wherever that began. If the store does not answer for too long, the session counts as ended.
 * @param session undefined for what goes on without one: only the browser can end that
 */
export function watchSession(
  app: SessionFinder,
  session: ResolvedSession | undefined,
  { gone, telemetry }: Pick<Invocation, "gone" | "telemetry">,
): SessionWatch {
  const ending = new AbortController();
  const leave = () => ending.abort(new ProblemError("client_gone", "Nobody waits for the answer any more."));
  if (gone?.aborted === true) leave();
  gone?.addEventListener("abort", leave);
  const stopLooking =
    session &&
    lookUntil(
      async () => isStillThere(app, session, { telemetry, signal: AbortSignal.timeout(lookEveryMs) }),
      () => ending.abort(sessionLost()),
    );
  return {
    end: ending.signal,
    stop() {
      stopLooking?.();
      gone?.removeEventListener("abort", leave);
    },
  };
}

/**
 * Looks again and again until the session is not there any more, or nobody has said so for too long.
 * @param look undefined when the store does not say
 * @returns what stops that
 */
function lookUntil(look: () => Promise<boolean | undefined>, onEnd: () => void): () => void {
  let trustedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const lookOnce = async () => {
    const began = performance.now();
    const isThere = await look();
    if (timer === undefined) return;
    if (isThere === true) trustedAt = began;
    if (isThere === false || performance.now() - trustedAt > trustedForMs) onEnd();
    else timer = later(lookOnce, began);
  };
  timer = later(lookOnce, trustedAt);
  return () => {
    clearTimeout(timer);
    timer = undefined;
  };
}

/** @param began when the last look began: looks that take long do not make the pause longer */
function later(look: () => Promise<void>, began: number): NodeJS.Timeout {
  const waitMs = Math.max(0, lookEveryMs - (performance.now() - began));
  return setTimeout(() => void look(), waitMs).unref();
}

/** @returns undefined when the store does not say */
async function isStillThere(
  app: SessionFinder,
  session: ResolvedSession,
  invocation: Invocation,
): Promise<boolean | undefined> {
  try {
    return (await resolveSession(app, session, invocation)) !== undefined;
  } catch {
    return undefined;
  }
}
