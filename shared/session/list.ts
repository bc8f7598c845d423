import { endOf, type SessionLimits } from "../account/document.ts";
import type { ResolvedSession } from "./resolve.ts";

/** One of the account's sessions, as the person sees it. Times are ISO 8601, UTC. */
export interface ListedSession {
  /** For `DELETE /auth/sessions/{id}`. A hash: it opens nothing. */
  readonly id: string;
  /** Whether it is the session of the request. */
  readonly current: boolean;
  readonly userAgent: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

/** The live sessions of the account that `session` belongs to, the one last seen first. */
export function listSessions(session: ResolvedSession, limits: SessionLimits, now: number): ListedSession[] {
  return Object.entries(session.account.document.sessions)
    .filter(([, stored]) => endOf(stored, limits) > now)
    .map(([id, { userAgent, createdAt, lastSeenAt, expiresAt }]) => {
      return { id, current: id === session.sessionKey, userAgent, createdAt, lastSeenAt, expiresAt };
    })
    .toSorted((a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt));
}
