import { endOf, type AccountDocument, type SessionLimits } from "../account/document.ts";

/** One of the account's sessions, as the person sees it. Times are ISO 8601, UTC. */
export interface ListedSession {
  /** For `DELETE /auth/sessions/{id}`. A hash: it opens nothing. */
  readonly id: string;
  /** Whether it is the session of the request. Only the person's own list says so. */
  readonly current?: boolean;
  readonly userAgent: string;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly expiresAt: string;
}

/**
 * The live sessions of an account, the one last seen first.
 * @param current key of the session of the request; undefined if it is not the account's own
 */
export function listSessions(
  { sessions }: Pick<AccountDocument, "sessions">,
  limits: SessionLimits,
  now: number,
  current?: string,
): ListedSession[] {
  return Object.entries(sessions)
    .filter(([, stored]) => endOf(stored, limits) > now)
    .map(([id, { userAgent, createdAt, lastSeenAt, expiresAt }]) => {
      const listed = { id, userAgent, createdAt, lastSeenAt, expiresAt };
      return current === undefined ? listed : Object.assign(listed, { current: id === current });
    })
    .toSorted((a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt));
}
