import type { StoredSession } from "../account/document.ts";
import { maxDoubtMs, wasBefore, type Tick } from "../store/clock.ts";
import { isForAccount, isFromIdentityProvider, type SignOutOrder } from "./order.ts";

/**
 * Whether a session began after the order was given. In doubt, it counts as older, so that it ends.
 *
 * - A session that the order names by its key is never newer, whatever its times say.
 * - For sign-outs from the identity provider, and for those of the account itself, what counts is when the sign-in started: one
 *   in its callback at that moment holds a code from before. For all others, it is when the session was opened.
 *
 * Example: the provider signs the person out at 12:00:00. A session whose sign-in started at 11:59:58, and which was opened at
 * 12:00:01, is not newer, and ends. If the person had used the app's own button, the same session would be newer, and stay.
 */
export function isNewer(order: SignOutOrder, session: StoredSession, key: string): boolean {
  if (key === order.sessionKey) return false;
  return isAfter(order, countsFromStart(order, session) ? startOf(session) : openingOf(session));
}

/** Whether a session was certainly opened after the order was given. */
export function wasOpenedAfter(order: SignOutOrder, session: StoredSession): boolean {
  return isAfter(order, openingOf(session));
}

/** Whether a session was opened after the order was given, or may have been. */
export function mayBeOpenedAfter(order: SignOutOrder, session: StoredSession): boolean {
  return isAfter(order, openingOf(session), bothDoubtsMs);
}

/** Milliseconds. No request with an earlier cookie is under way for longer. */
const longestRequestMs = 60_000;

/**
 * Whether a browser got a new session so close to its sign-out that the two may have passed each other on the way: the
 * sign-out was sent with the earlier cookie, but the person meant the new session.
 * @param openedAt when the new session was opened, ISO 8601, UTC
 */
export function mayHavePassed({ requestedAt }: Pick<SignOutOrder, "requestedAt">, openedAt: string): boolean {
  if (requestedAt === null) return true;
  return Math.abs(Date.parse(openedAt) - Date.parse(requestedAt)) <= longestRequestMs;
}

interface Moment {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly tick: Tick | undefined;
}

function startOf({ createdAt, startedAt = createdAt, startedTick }: StoredSession): Moment {
  return { time: startedAt, tick: startedTick };
}

function openingOf({ createdAt, createdTick }: StoredSession): Moment {
  return { time: createdAt, tick: createdTick };
}

function countsFromStart(order: SignOutOrder, { sid }: StoredSession): boolean {
  if (isForAccount(order)) return true;
  return isFromIdentityProvider(order) && (order.subjectKey !== null || sid === order.sidKey);
}

/** Two times are compared, and both may be off, in opposite directions. */
const bothDoubtsMs = 2 * maxDoubtMs;

/** @param doubtMs by how much the two times may be off; 0 to leave no doubt */
function isAfter({ requestedAt, requestedTick }: SignOutOrder, { time, tick }: Moment, doubtMs = 0): boolean {
  const isLater = wasBefore(requestedTick, tick);
  if (isLater !== undefined) return isLater;
  if (requestedAt === null) return doubtMs > 0;
  return Date.parse(time) > Date.parse(requestedAt) - doubtMs;
}
