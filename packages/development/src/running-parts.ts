interface Part {
  stop(): Promise<void>;
}

/** The parts that have started, so that all of them can be stopped: at the end, or when another one does not start. */
export class RunningParts {
  readonly #starting: Promise<Part>[] = [];

  /** Returns the part once it has started. */
  async add<T extends Part>(starting: Promise<T>): Promise<T> {
    this.#starting.push(starting);
    return starting;
  }

  /** Waits for parts that are still starting. The last one stops first, because it may need those before it. */
  async stop(): Promise<void> {
    for (const each of await Promise.allSettled(this.#starting.toReversed()))
      if (each.status === "fulfilled") await each.value.stop();
  }
}
