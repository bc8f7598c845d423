/** The list of sessions: keeps it up to date, and handles its buttons. */
import { checkSession, endSession, ProblemError, sessions, type ListedSession } from "./auth.ts";
import { describe } from "./describe.ts";
import { showEvent } from "./events-view.ts";
import * as list from "./sessions-view.ts";
import { hideErrorAbout, showErrorAbout } from "./shown-error.ts";
import * as view from "./view.ts";

let known: ReadonlyMap<string, ListedSession> | undefined;
/** Sessions that this page has ended itself, so their end is not reported. */
const ended = new Set<string>();
let turn = 0;

/**
 * Asks for the sessions and shows them. If that fails, the display stays, because the next check follows within
 * seconds.
 */
export async function refreshSessions(): Promise<void> {
  const mine = ++turn;
  const listed = await sessions().catch(() => undefined);
  if (mine !== turn || listed === undefined) return;
  explainChanges(listed);
  known = new Map(listed.map((session) => [session.id, session]));
  list.showSessions(listed, (session) => void end(session));
}

export function forgetSessions(): void {
  turn++;
  known = undefined;
  ended.clear();
  list.forgetSessions();
}

function explainChanges(listed: readonly ListedSession[]): void {
  if (known === undefined) return;
  const ids = new Set(listed.map(({ id }) => id));
  for (const { id, userAgent } of listed) {
    if (known.has(id)) continue;
    tell(
      `${userAgent} signed in`,
      "Your account document now has one more session, encrypted with that browser’s key.",
    );
  }
  for (const { id, userAgent } of known.values()) {
    if (ids.has(id) || ended.has(id)) continue;
    tell(`${userAgent} was signed out`, "Its session and tokens have been deleted from your account document.");
  }
}

function tell(what: string, meaning: string): void {
  showEvent({ what, meaning });
  view.announce(`${what}. ${meaning}`);
}

async function end(session: ListedSession): Promise<void> {
  const { id, userAgent } = session;
  if (ended.has(id)) return;
  ended.add(id);
  list.setEnding(id, true);
  hideErrorAbout("sessions");
  try {
    await endUnlessOver(id);
    tell(
      `You signed out ${userAgent}`,
      "Its session and tokens have been deleted. That browser notices within seconds.",
    );
    await refreshSessions();
  } catch (error) {
    ended.delete(id);
    list.setEnding(id, false);
    const title = `Signing out ${userAgent} did not work`;
    showErrorAbout("sessions", { ...describe(error), title, action: "Try again", onAction: () => void end(session) });
  }
  checkSession();
}

async function endUnlessOver(id: string): Promise<void> {
  try {
    await endSession(id);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== "session_unknown") throw error;
  }
}
