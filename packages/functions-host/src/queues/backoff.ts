/** How long to wait before looking into a queue again. */
export interface Backoff {
  /** @param found whether there was a message since the last pause. @returns milliseconds */
  next(found: boolean): number;
}

const randomness = 0.2;

/**
 * Pauses that double, give or take a fifth, from `minMs` to `maxMs`, and begin anew after a message.
 * @param random 0 to 1
 */
export function createBackoff(minMs: number, maxMs: number, random: () => number = Math.random): Backoff {
  let exponent = 0;
  return {
    next(found) {
      if (found) exponent = 0;
      const factor = 1 - randomness + 2 * randomness * random();
      const pause = exponent === 0 ? minMs : minMs + factor * 2 ** (exponent - 1) * minMs;
      if (pause >= maxMs) return maxMs;
      exponent += 1;
      return pause;
    },
  };
}
