import type { Invocation } from "../app/app.ts";
import { sessionLost } from "./ended.ts";
import { resolveSession, type ResolvedSession, type SessionFinder } from "./resolve.ts";

/** Between two looks at the store. Most requests are over before the first one, and cost nothing. */
const lookEveryMs = 4_000;
/** After a look that brought no answer for so long, a session counts as ended: what is in doubt is signed out. */
const trustedForMs = 9_000;

/** A look at a session for as long as something goes on that is only for a person who is signed in. */
export interface SessionWatch {
  /** Called off: there is nothing more to end. */
  stop(): void;
}

/**
 * Looks at the store every few seconds whether the session is still there, so that what goes on for longer ends within ten seconds
 * of a sign-out, wherever that began.
 * @param onEnd called once, with the reason, when the session has ended or the store has not answered for too long
 */
export function watchSession(
  app: SessionFinder,
  session: ResolvedSession,
  { telemetry }: Pick<Invocation, "telemetry">,
  onEnd: (reason: Error) => void,
): SessionWatch {
  let trustedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    const began = performance.now();
    const isThere = await isStillThere(app, session, { telemetry, signal: AbortSignal.timeout(lookEveryMs) });
    if (timer === undefined) return;
    if (isThere === true) trustedAt = began;
    if (isThere === false || performance.now() - trustedAt > trustedForMs) onEnd(sessionLost());
    else timer = later(look, began);
  };
  timer = later(look, trustedAt);
  return {
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
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
