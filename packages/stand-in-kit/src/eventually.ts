import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `check` holds, for something that happens by itself. A failed check counts as false.
 * @param timeoutMs not a limit that the code must meet, but a time within which even a busy machine is done
 */
export async function eventually(what: string, check: () => unknown, timeoutMs = 60_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const holds = await Promise.resolve()
      .then(check)
      .catch(() => false);
    if (holds) return;
    if (performance.now() > end) throw new Error(`It did not happen in ${timeoutMs} ms: ${what}`);
    await delay(20);
  }
}
