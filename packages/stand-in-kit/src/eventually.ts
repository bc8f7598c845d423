import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `check` holds, for what happens without anybody's asking. A failed check counts as no.
 * @param timeoutMs says nothing about how long it may take, but when a busy machine, too, would have done it
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
