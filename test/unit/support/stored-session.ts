import type { AccountDocument, StoredSession } from "../../../shared/account/document.ts";

/** Times in these tests are minutes from here. */
export const start = Date.parse("2026-03-01T12:00:00.000Z");

export function at(minutes: number): string {
  return new Date(start + minutes * 60_000).toISOString();
}

/** A session opened at minute `createdAt`, not used since, with 12 hours to live at most. */
export function storedSession(createdAt = 0, changes: Partial<StoredSession> = {}): StoredSession {
  return {
    sid: null,
    createdAt: at(createdAt),
    lastSeenAt: at(createdAt),
    expiresAt: at(createdAt + 720),
    userAgent: "Firefox on Linux",
    sealed: "sealed",
    ...changes,
  };
}

export function accountDocument(sessions: Record<string, StoredSession>): AccountDocument {
  return { id: "account", sessions, ttl: 3600, writeId: "w0" };
}
