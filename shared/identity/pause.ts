const longestPauseMs = 60 * 60_000;

/**
 * For how long an answer asks to be left in peace (Retry-After, RFC 9110 section 10.2.3), in milliseconds and at most an hour.
 * A date is measured by the clock of whoever wrote it, where the answer tells that.
 * @returns 0 if it does not ask
 */
export function retryAfterMs({ headers }: { readonly headers: Headers }): number {
  const value = headers.get("retry-after") ?? "";
  const asked = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - dateOf(headers);
  return asked > 0 ? Math.min(asked, longestPauseMs) : 0;
}

function dateOf(headers: Headers): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}

/** Times until which an endpoint is not to be asked, on this instance. */
export interface Pauses {
  /** Milliseconds until `who` may ask; 0 if that is now. */
  leftMs(who: string): number;
  /** Nobody asks for so long. */
  forAll(ms: number): void;
  /** `who` does not ask for so long; where several are told so at once, it is the app that asks too much, and nobody does. */
  forOne(who: string, ms: number): void;
}

const maxKept = 1_000;
/** So many at once are no accident. */
const several = 3;

export function createPauses(): Pauses {
  let allUntil = -Infinity;
  const until = new Map<string, number>();

  /** When fewer than `several` are left that have to wait. */
  const severalUntil = (now: number) => {
    for (const [who, end] of until) if (end <= now) until.delete(who);
    return [...until.values()].toSorted((a, b) => b - a)[several - 1] ?? -Infinity;
  };

  return {
    leftMs(who) {
      const now = performance.now();
      return Math.max(0, allUntil - now, (until.get(who) ?? -Infinity) - now, severalUntil(now) - now);
    },
    forAll(ms) {
      allUntil = Math.max(allUntil, performance.now() + ms);
    },
    forOne(who, ms) {
      until.delete(who);
      until.set(who, performance.now() + ms);
      const [oldest] = until.keys();
      if (until.size > maxKept && oldest !== undefined) until.delete(oldest);
    },
  };
}
