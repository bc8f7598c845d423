/** Processes a queue on the instance that has put something into it, without waiting for the timer. */
export interface QueueRunner {
  /** Call this after a message was put into the queue: a run begins soon, and others follow until nothing is left. */
  wake(): void;
  /** Starts no further run. */
  stop(): void;
}

export interface QueueRunnerOptions {
  /** Processes the queue once. Returns whether anything is left. */
  readonly run: () => Promise<boolean>;
  /** Seconds between two runs, to which up to a quarter is added. */
  readonly retrySeconds: number;
  /** The number of runs after the last {@link QueueRunner.wake}. What is left then waits for the timer. */
  readonly maxRuns: number;
  /** Milliseconds before the first run, which is at least that and at most three times as long. */
  readonly firstDelayMs?: number;
}

/**
 * Makes one run at a time. Nothing here keeps the process alive: if it ends, the messages are still in the queue. The pauses are
 * random, because many instances may have put messages into it at the same moment.
 */
export function queueRunner({ run, retrySeconds, maxRuns, firstDelayMs = 1_000 }: QueueRunnerOptions): QueueRunner {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = Infinity;
  let running = false;
  let wokenMeanwhile = false;
  let runs = 0;
  let stopped = false;

  /** Never delays a run that is due sooner: a stream of messages must not keep all of them waiting. */
  const schedule = (delayMs: number) => {
    const at = Date.now() + delayMs;
    if (stopped || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void runOnce(), delayMs).unref();
  };
  const runSoon = () => schedule(firstDelayMs * (1 + 2 * Math.random()));

  const runOnce = async () => {
    [running, wokenMeanwhile, dueAt] = [true, false, Infinity];
    runs++;
    // If the queue cannot be read, it may still hold this instance's messages.
    const isLeft = await run().catch(() => true);
    running = false;
    if (wokenMeanwhile) runSoon();
    else if (isLeft && runs < maxRuns) schedule(retrySeconds * 1_000 * (1 + Math.random() / 4));
  };

  return {
    wake() {
      runs = 0;
      if (running) wokenMeanwhile = true;
      else runSoon();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
