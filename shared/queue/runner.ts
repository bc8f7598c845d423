/** Finishes sign-outs on the instance that deferred them, without waiting for the timer. */
export interface Finisher {
  /** Call this after an order was put into the queue: it is tried soon, and again until nothing is left. */
  begin(): void;
  /** Starts no further try. */
  stop(): void;
}

export interface FinisherOptions {
  /** Tries once. Returns whether anything is left. */
  readonly finish: () => Promise<boolean>;
  /** Seconds between two tries, to which up to a quarter is added. */
  readonly retrySeconds: number;
  /** The number of tries after the last {@link Finisher.begin}. What is left then waits for the timer. */
  readonly maxTries: number;
  /** Milliseconds before the first try, which is at least that and at most three times as long. */
  readonly firstDelayMs?: number;
}

/**
 * Makes one try at a time. Nothing here keeps the process alive: if it ends, the orders are still in the queue. The pauses are
 * random, because many instances may have deferred orders at the same moment.
 */
export function finisher({ finish, retrySeconds, maxTries, firstDelayMs = 1_000 }: FinisherOptions): Finisher {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = Infinity;
  let running = false;
  let askedAgain = false;
  let tries = 0;
  let stopped = false;

  /** Never delays a try that is due sooner: a stream of sign-outs must not keep all of them waiting. */
  const schedule = (delayMs: number) => {
    const at = Date.now() + delayMs;
    if (stopped || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void run(), delayMs).unref();
  };
  const first = () => schedule(firstDelayMs * (1 + 2 * Math.random()));

  const run = async () => {
    [running, askedAgain, dueAt] = [true, false, Infinity];
    tries++;
    // If the queue cannot be read, it may still hold this instance's orders.
    const isLeft = await finish().catch(() => true);
    running = false;
    if (askedAgain) first();
    else if (isLeft && tries < maxTries) schedule(retrySeconds * 1_000 * (1 + Math.random() / 4));
  };

  return {
    begin() {
      tries = 0;
      if (running) askedAgain = true;
      else first();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
