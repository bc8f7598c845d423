import { wasBefore, type Tick } from "../store/clock.ts";

/** When a sign-out was asked for: sign-ins that began earlier are refused. */
export interface Mark {
  /** ISO 8601, UTC, by the store's clock. */
  readonly signedOutAt: string;
  /** The same moment as an instance counts it, if all sign-outs so far were asked for at that one. */
  readonly signedOutTick?: Tick | undefined;
}

/** When a sign-in began. */
export interface Begun {
  /** At the earliest, in milliseconds since the epoch by the store's clock. */
  readonly startedAt: number;
  /** The same moment, as this process counts it, if the sign-in began here. */
  readonly startedTick?: Tick | undefined;
}

/** For how long a sign-in may be under way: what answers it later is refused. */
export const signInSeconds = 15 * 60;
/** Seconds for which a mark is needed: so long, and a little more for a callback that began just in time. */
export const markSeconds = signInSeconds + 60;

/** Whether a sign-in began before the sign-out, or may have. */
export function isSignedOutSince(mark: Mark | null | undefined, { startedAt, startedTick }: Begun): boolean {
  if (!mark) return false;
  const wasEarlier = wasBefore(mark.signedOutTick, startedTick);
  return wasEarlier === undefined ? Date.parse(mark.signedOutAt) >= startedAt : !wasEarlier;
}

/** The later of two marks. If two instances have made them, the times leave a doubt, so the tick is dropped. */
export function laterOf(a: Mark, b: Mark): Mark {
  const { signedOutAt } = a.signedOutAt > b.signedOutAt ? a : b;
  const isEarlier = wasBefore(a.signedOutTick, b.signedOutTick);
  return isEarlier === undefined ? { signedOutAt } : { signedOutAt, signedOutTick: (isEarlier ? b : a).signedOutTick };
}

/** Whether a sign-in from before the mark may still be under way. */
export function mayBeUnderWay({ signedOutAt }: Mark, now: number): boolean {
  return now < Date.parse(signedOutAt) + markSeconds * 1000;
}
