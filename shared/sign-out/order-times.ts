import type { StoredSession } from "../account/document.ts";
import { maxDoubtMs, wasBefore } from "../store/clock.ts";
import { isOfProvider, type SignOutOrder } from "./order.ts";

/**
 * Whether a session began after the order was given. Where the times leave a doubt it did not, so that it ends.
 *
 * - A session that the order names by its key never did, whatever its times say.
 * - For sign-outs from the identity provider, what counts is when the sign-in started: one in its callback at that moment
 *   holds a code of the session that the provider has ended. For all others, it is when the session was opened.
 *
 * Example: the provider signs the person out at 12:00:00. A sign-in that started at 11:59:58 and opened its session at
 * 12:00:01 did not begin since, and ends. Asked for with the app's own button, the same sign-out would spare it.
 */
export function beganSince(order: SignOutOrder, session: StoredSession, key: string): boolean {
  if (key === order.sessionKey) return false;
  const { createdAt, startedAt = createdAt, createdTick, startedTick } = session;
  const countsFromStart = isOfProvider(order) && (order.subjectKey !== null || session.sid === order.sidKey);
  const isLater = wasBefore(order.requestedTick, countsFromStart ? startedTick : createdTick);
  if (isLater !== undefined) return isLater;
  const begun = countsFromStart ? startedAt : createdAt;
  return order.requestedAt !== null && Date.parse(begun) > Date.parse(order.requestedAt);
}

/** Whether a session was opened after the order was given, for certain. */
export function wasOpenedSince(session: StoredSession, order: SignOutOrder): boolean {
  return wasOpenedAfter(session, order, 0);
}

/** Whether a session was opened after the order was given, or may have been. */
export function mayBeOpenedSince(session: StoredSession, order: SignOutOrder): boolean {
  return wasOpenedAfter(session, order, bothDoubtsMs);
}

/** Two times are compared, and both may be off, in opposite directions. */
const bothDoubtsMs = 2 * maxDoubtMs;

function wasOpenedAfter(
  session: StoredSession,
  { requestedAt, requestedTick }: SignOutOrder,
  doubtMs: number,
): boolean {
  const isLater = wasBefore(requestedTick, session.createdTick);
  if (isLater !== undefined) return isLater;
  if (requestedAt === null) return doubtMs > 0;
  return Date.parse(session.createdAt) > Date.parse(requestedAt) - doubtMs;
}

/** Milliseconds. No request with an earlier cookie is under way for longer. */
const lateCookieMs = 60_000;

/**
 * Whether a sign-out and the answer that brought the browser its new session may have crossed on their way: then the person
 * who signed out with the earlier cookie means the new session.
 * @param openedAt when the new session was opened, ISO 8601, UTC
 */
export function mayHaveCrossed(openedAt: string, { requestedAt }: Pick<SignOutOrder, "requestedAt">): boolean {
  if (requestedAt === null) return true;
  return Math.abs(Date.parse(openedAt) - Date.parse(requestedAt)) <= lateCookieMs;
}
