import { ProblemError } from "../core/errors.ts";
import { maxDoubtMs } from "../store/clock.ts";
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

/** A session of a sign-in, to be added to its account. */
export interface AddedSession {
  readonly sessionKey: string;
  readonly session: StoredSession;
  /** Key of the session that this browser had. It ends when the sign-in is complete. */
  readonly replaces: string | undefined;
}

type Sessions = AccountDocument["sessions"];
type Entry = readonly [key: string, session: StoredSession];

/**
 * Adds a session and ends no live one, because the sign-in may still fail. Expired sessions are removed. The oldest live ones
 * make room only where the store would refuse the document.
 * @throws {ProblemError} `session_too_large` when the new one does not fit alone
 */
export function addBeside(sessions: Sessions, added: AddedSession, limits: SessionLimits, now: number): Replacement {
  const room = { maxBytes: maxBytesUnderWay, last: added.replaces };
  return { kind: "replace", sessions: fitting(withAdded(sessions, added, limits, now), added.sessionKey, room) };
}

/**
 * Ends what a complete sign-in ends: the session that its browser had, and the oldest ones above the cap or above the size
 * limit. If the new session has been signed out meanwhile, only the browser's earlier one ends: the browser gets the new
 * cookie all the same.
 */
export function endForAdded(document: AccountDocument, added: AddedSession, limits: SessionLimits): Change {
  const { sessions } = document;
  const { sessionKey, replaces } = added;
  if (!sessionOf(sessions, sessionKey)) return removeSessions(document, replaces === undefined ? [] : [replaces]);
  const left = withoutEnded(sessions, added, limits);
  const isAllLeft = Object.keys(left).length === Object.keys(sessions).length;
  return isAllLeft ? { kind: "none" } : { kind: "replace", sessions: left };
}

/**
 * Changes one session in place, or nothing if it is gone: a late write cannot bring a session back. If the session has grown,
 * the account's oldest sessions make room for it.
 * @throws {ProblemError} `session_too_large` when it does not fit alone
 */
export function changeSession(
  { sessions }: AccountDocument,
  sessionKey: string,
  change: (session: StoredSession) => StoredSession,
): Change {
  const session = sessionOf(sessions, sessionKey);
  if (!session) return { kind: "none" };
  return { kind: "replace", sessions: fitting({ ...sessions, [sessionKey]: change(session) }, sessionKey) };
}

function withAdded(
  sessions: Sessions,
  { sessionKey, session, replaces }: AddedSession,
  lifetimes: Lifetimes,
  now: number,
): Sessions {
  // After a lost answer the session may already be there. It must not count as another one and cost that one its place.
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
 * The time at which the added session was opened, moved after the sessions that are already there: another instance, which
 * knew the store's clock better, may have dated them. Otherwise the newest session could pass for the oldest and be dropped.
 */
function datedAfter(others: readonly Entry[], createdAt: string, now: number): string {
  const times = others.map(([, other]) => Date.parse(other.createdAt));
  const possible = times.filter((time) => time < now + maxDoubtMs);
  return new Date(Math.max(Date.parse(createdAt), ...possible.map((time) => time + 1))).toISOString();
}

function withoutEnded(
  sessions: Sessions,
  { sessionKey, replaces }: AddedSession,
  { maxPerAccount }: SessionLimits,
): Sessions {
  const others = Object.entries(sessions)
    .filter(([key]) => key !== replaces && key !== sessionKey)
    .toSorted((a, b) => openedAt(b) - openedAt(a))
    .slice(0, maxPerAccount - 1);
  const own = Object.entries(sessions).filter(([key]) => key === sessionKey);
  return fitting(Object.fromEntries([...others, ...own]), sessionKey);
}

/**
 * Bytes of an account's sessions as JSON in UTF-8. Azure Cosmos DB takes documents of up to 2 MB (2,097,152 bytes). Its own
 * members and the document's others take a few hundred bytes.
 */
export const maxSessionsBytes = 1_900_000;

/** The same while a sign-in is under way. Until it is complete, it ends no session that the store still has room for. */
const maxBytesUnderWay = 2_050_000;

/**
 * Drops the oldest sessions until the others fit into one document.
 * @param spared key of the session that always stays
 * @param last key of the session that is dropped only when no other is left
 * @throws {ProblemError} `session_too_large` when `spared` does not fit alone
 */
function fitting(
  sessions: Sessions,
  spared: string,
  { maxBytes = maxSessionsBytes, last }: { maxBytes?: number; last?: string | undefined } = {},
): Sessions {
  const entries = Object.entries(sessions);
  let total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (total <= maxBytes) return sessions;
  const own = entries.find(([key]) => key === spared);
  if (own && sizeOf(own) > maxSessionsBytes) throw tooLarge();
  const gone = new Set<string>();
  const isLast = ([key]: Entry) => Number(key === last);
  for (const entry of entries.toSorted((a, b) => isLast(a) - isLast(b) || openedAt(a) - openedAt(b))) {
    if (total <= maxBytes || entry[0] === spared) continue;
    gone.add(entry[0]);
    total -= sizeOf(entry);
  }
  return Object.fromEntries(entries.filter(([key]) => !gone.has(key)));
}

function openedAt([, { createdAt }]: Entry): number {
  return Date.parse(createdAt);
}

/** Bytes of one session with its key, the colon and the comma. */
function sizeOf([key, session]: Entry): number {
  return Buffer.byteLength(JSON.stringify({ [key]: session })) - 1;
}

function tooLarge(): ProblemError {
  const detail = "The identity provider has issued more for your account than the account store can hold.";
  return new ProblemError("session_too_large", detail);
}
