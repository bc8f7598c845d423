import type { App } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { shared } from "../core/waiting.ts";
import { readState } from "./state.ts";

/** Remembers the hash of the subscription's secret, so that a notification need not read it. */
export interface SecretKeeper {
  /**
   * Runs `read` with the hash that is remembered and, unless the result is good, with the store's: the app may have
   * subscribed anew. Whoever sends forged notifications has the store asked every few seconds at most.
   * @returns the result, and whether it is certain. It is not if it is bad, and the store was asked before the notification came
   */
  tryWith<T>(
    read: (clientState: string | null) => T | undefined,
    isGood: (result: T) => boolean,
  ): Promise<{ readonly result: T | undefined; readonly isCertain: boolean }>;
}

const askedAgainAfterMs = 5_000;
const timeoutMs = 2_000;

export function secretKeeper(app: App, directory: DirectoryConfiguration): SecretKeeper {
  let remembered: string | null = null;
  const ask = shared(
    async () => {
      const askedAt = performance.now();
      ({ clientState: remembered } = await readState(app, directory, AbortSignal.timeout(timeoutMs)));
      return { askedAt };
    },
    () => askedAgainAfterMs,
  );
  return {
    async tryWith(read, isGood) {
      const cameAt = performance.now();
      const first = read(remembered);
      if (first === undefined || isGood(first)) return { result: first, isCertain: true };
      const { askedAt } = await ask();
      const result = read(remembered);
      return { result, isCertain: askedAt >= cameAt || (result !== undefined && isGood(result)) };
    },
  };
}
