import {
  endOf,
  removeSessions,
  sessionOf,
  type AccountDocument,
  type Change,
  type Lifetimes,
  type Replacement,
  type SessionLimits,
  type StoredSession,
} from "./document.ts";
import { maxDoubtMs } from "../store/clock.ts";
import { fitting, maxBytesUnderWay } from "./room.ts";

/** A session of a sign-in, to be added to its account. */
export interface AddedSession {
  readonly sessionKey: string;
  readonly session: StoredSession;
  /** Key of the session that this browser had, which ends. */
  readonly replaces: string | undefined;
}

/**
 * Adds a session and ends none: the sign-in may yet fail. Only what has expired makes room and, where the store would take no
 * more, the oldest.
 * @throws {ConditionError} `session_too_large` when the new one does not fit alone
 */
export function addBeside(
  sessions: AccountDocument["sessions"],
  added: AddedSession,
  limits: SessionLimits,
  now: number,
): Replacement {
  const room = { maxBytes: maxBytesUnderWay, last: added.replaces };
  return { kind: "replace", sessions: fitting(withAdded(sessions, added, limits, now), added.sessionKey, room) };
}

/**
 * Ends what a sign-in that is complete ends: the session that its browser had, and the oldest above the cap or that leave no
 * room. Where its own session has been signed out by now, only the former: the browser's cookie is for its own.
 */
export function endForAdded(document: AccountDocument, added: AddedSession, limits: SessionLimits): Change {
  const { sessions } = document;
  if (!sessionOf(sessions, added.sessionKey)) return removeSessions(document, (_, key) => key === added.replaces);
  const left = withoutEnded(sessions, added, limits);
  const isAllLeft = Object.keys(left).length === Object.keys(sessions).length;
  return isAllLeft ? { kind: "none" } : { kind: "replace", sessions: left };
}

function withAdded(
  sessions: AccountDocument["sessions"],
  { sessionKey, session, replaces }: AddedSession,
  lifetimes: Lifetimes,
  now: number,
): AccountDocument["sessions"] {
  // Its own key too: after a lost answer the session may be there already, and must not cost another one its place.
  const others = Object.entries(sessions).filter(([key, other]) => key !== sessionKey && endOf(other, lifetimes) > now);
  const replaced = sessionOf(sessions, replaces);
  const named = {
    ...session,
    createdAt: datedAfter(others, session.createdAt, now),
    ...(replaced?.sid && { replacedSid: replaced.sid }),
    ...(replaced && endOf(replaced, lifetimes) > now && { replacedLive: true as const }),
  };
  return { ...Object.fromEntries(others), [sessionKey]: named };
}

/**
 * When the added session was opened, at the earliest: after those that are there already, whose times may come from an
 * instance that knew the store's clock better. Otherwise the newest could pass for the oldest, and make room for it.
 */
function datedAfter(others: readonly (readonly [string, StoredSession])[], createdAt: string, now: number): string {
  const times = others.map(([, other]) => Date.parse(other.createdAt));
  const possible = times.filter((time) => time < now + maxDoubtMs);
  return new Date(Math.max(Date.parse(createdAt), ...possible.map((time) => time + 1))).toISOString();
}

function withoutEnded(
  sessions: AccountDocument["sessions"],
  { sessionKey, replaces }: AddedSession,
  { maxPerAccount }: SessionLimits,
): AccountDocument["sessions"] {
  const others = Object.entries(sessions)
    .filter(([key]) => key !== replaces && key !== sessionKey)
    .toSorted(([, a], [, b]) => Date.parse(b.createdAt) - Date.parse(a.createdAt))
    .slice(0, maxPerAccount - 1);
  const own = Object.entries(sessions).filter(([key]) => key === sessionKey);
  return fitting(Object.fromEntries([...others, ...own]), sessionKey);
}
