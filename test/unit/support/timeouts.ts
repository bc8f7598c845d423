import { mock } from "node:test";

/** Time limits have at least so many milliseconds; shorter timers are pauses. */
const shortestLimitMs = 1_000;

/** Takes the place of the time limits, `AbortSignal.timeout` and `setTimeout`: time passes only when the test says so. */
export function controlledTimeouts(): { pass(ms: number): void } {
  const pending: { ms: number; expire: () => void }[] = [];
  mock.method(AbortSignal, "timeout", (ms: number) => {
    const controller = new AbortController();
    pending.push({ ms, expire: () => controller.abort() });
    return controller.signal;
  });
  replaceTimers((expire, ms) => {
    pending.push({ ms, expire });
    return setTimer(() => undefined, 0);
  });
  return {
    pass(passed) {
      for (const { ms, expire } of pending) if (ms <= passed) expire();
    },
  };
}

/** Every time limit is over after a few milliseconds. */
export function shortTimeouts(): void {
  mock.method(AbortSignal, "timeout", () => {
    const controller = new AbortController();
    setTimer(() => controller.abort(), 5);
    return controller.signal;
  });
  replaceTimers((expire) => setTimer(expire, 5));
}

const setTimer = setTimeout;

function replaceTimers(limit: (expire: () => void, ms: number) => NodeJS.Timeout): void {
  mock.method(globalThis, "setTimeout", (expire: () => void, ms = 0) =>
    ms < shortestLimitMs ? setTimer(expire, ms) : limit(expire, ms),
  );
}
