import { isRecord } from "../core/encoding.ts";
import { isTick, wasBefore, type Tick } from "../store/clock.ts";

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
/** For the callback that began just in time. */
const callbackSeconds = 60;

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

/** For how many seconds from `now` a sign-in from before the mark may still be under way; 0 if none can be. */
export function secondsNeeded({ signedOutAt }: Mark, now: number): number {
  const end = Date.parse(signedOutAt) + (signInSeconds + callbackSeconds) * 1000;
  return Math.max(0, Math.ceil((end - now) / 1000));
}

/** Whether `value`, as read from the store, is a mark. */
export function isMark(value: unknown): value is Mark {
  if (!isRecord(value)) return false;
  const { signedOutAt, signedOutTick } = value;
  const isTime = typeof signedOutAt === "string" && !Number.isNaN(Date.parse(signedOutAt));
  return isTime && (signedOutTick === undefined || isTick(signedOutTick));
}
