/** What finishes, on the instance that deferred sign-outs, without waiting for the timer. */
export interface Finisher {
  /** Something was put into the queue: it is tried soon, and again until nothing is left. */
  begin(): void;
  /** Begins nothing more. */
  stop(): void;
}

export interface FinisherOptions {
  /** Tries once. Returns whether anything is left. */
  readonly finish: () => Promise<boolean>;
  /** Between two tries: not less, and up to a quarter more. */
  readonly retrySeconds: number;
  /** So many tries after the last {@link Finisher.begin}; then it is left to the timer. */
  readonly maxTries: number;
  /** Milliseconds before the first try, which is at least that and at most three times as long. */
  readonly firstDelayMs?: number;
}

/**
 * One try at a time. Whatever is lost with the process is in the queue still, so nothing here keeps the process alive. The
 * pauses are drawn at random: many instances may have deferred at the same moment.
 */
export function finisher({ finish, retrySeconds, maxTries, firstDelayMs = 1_000 }: FinisherOptions): Finisher {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = Infinity;
  let running = false;
  let askedAgain = false;
  let tries = 0;
  let stopped = false;

  /** Never puts off what is due sooner: a stream of sign-outs must not keep all of them waiting. */
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
    // A queue that cannot be read may hold what this instance has put in.
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
