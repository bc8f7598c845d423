/** Callers that are remembered within one minute. */
const maxCallers = 10_000;
const windowMs = 60_000;

/**
 * Counts requests by caller, in this process, in windows of a minute.
 * @returns takes a turn: 0 if the caller may go on, otherwise the seconds until the next window
 */
export function rateLimit(maxPerMinute: number): (caller: string) => number {
  const counts = new Map<string, number>();
  let endsAt = 0;
  return (caller) => {
    const now = performance.now();
    if (now >= endsAt || counts.size > maxCallers) {
      counts.clear();
      endsAt = now + windowMs;
    }
    const count = (counts.get(caller) ?? 0) + 1;
    counts.set(caller, count);
    return count > maxPerMinute ? Math.ceil((endsAt - now) / 1000) : 0;
  };
}
