import { mock } from "node:test";

/** Takes the place of `AbortSignal.timeout`: time passes only when the test says so. */
export function controlledTimeouts(): { pass(ms: number): void } {
  const pending: { ms: number; controller: AbortController }[] = [];
  mock.method(AbortSignal, "timeout", (ms: number) => {
    const controller = new AbortController();
    pending.push({ ms, controller });
    return controller.signal;
  });
  return {
    pass(passed) {
      for (const { ms, controller } of pending) if (ms <= passed) controller.abort();
    },
  };
}

/** Every `AbortSignal.timeout` is over after a few milliseconds. */
export function shortTimeouts(): void {
  mock.method(AbortSignal, "timeout", () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    return controller.signal;
  });
}
