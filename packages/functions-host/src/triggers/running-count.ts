/** Counts what is running, so that a stop can wait for it. */
export interface RunningCount {
  /** Counts `work` until it settles; `work` must not reject. */
  during(work: Promise<void>): void;
  /** From now on, {@link stopping} is true. */
  stop(): void;
  readonly stopping: boolean;
  /** Resolves when nothing runs any more, or after `graceMs`. */
  idle(graceMs: number): Promise<void>;
}

export function createRunningCount(): RunningCount {
  let count = 0;
  let isStopping = false;
  const waiting: (() => void)[] = [];

  const finished = () => {
    count -= 1;
    if (count === 0) for (const resolve of waiting.splice(0)) resolve();
  };
  return {
    during(work) {
      count += 1;
      void work.then(finished);
    },
    stop() {
      isStopping = true;
    },
    get stopping() {
      return isStopping;
    },
    async idle(graceMs) {
      if (count === 0) return;
      const idle = Promise.withResolvers<void>();
      const timer = setTimeout(idle.resolve, graceMs);
      waiting.push(idle.resolve);
      await idle.promise;
      clearTimeout(timer);
    },
  };
}
