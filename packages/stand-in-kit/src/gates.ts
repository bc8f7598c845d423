/** Holds requests at an endpoint, so that a test can force an order of events without sleeping. */
export interface Gate {
  /** Resolves when `count` requests (default 1) have arrived at the gate since it was made. */
  reached(count?: number): Promise<void>;
  /** Releases the held requests and removes the gate. */
  release(): void;
  /** How many requests have arrived so far. */
  readonly arrived: number;
}

/** The gates that are closed now, by a key of the caller's choice. */
export interface Gates<Key> {
  close(key: Key): Gate;
  /** Waits at every closed gate that matches. */
  pass(matches: (key: Key) => boolean): Promise<void>;
  /** Opens all of them. */
  releaseAll(): void;
}

export function createGates<Key>(): Gates<Key> {
  const closed = new Map<Gate, { key: Key; arrive: () => Promise<void> }>();
  return {
    close: (key) => {
      const { gate, arrive } = createGate(() => closed.delete(gate));
      closed.set(gate, { key, arrive });
      return gate;
    },
    pass: async (matches) => {
      await Promise.all([...closed.values()].filter(({ key }) => matches(key)).map(async ({ arrive }) => arrive()));
    },
    releaseAll: () => {
      for (const gate of closed.keys()) gate.release();
    },
  };
}

function createGate(forget: () => void): { gate: Gate; arrive: () => Promise<void> } {
  const opened = Promise.withResolvers<void>();
  const watchers: { count: number; resolve: () => void }[] = [];
  let arrived = 0;
  const gate: Gate = {
    reached: async (count = 1) => {
      if (arrived < count) await new Promise<void>((resolve) => watchers.push({ count, resolve }));
    },
    release: () => {
      forget();
      opened.resolve();
    },
    get arrived() {
      return arrived;
    },
  };
  const arrive = async () => {
    arrived += 1;
    for (const { count, resolve } of watchers) if (arrived >= count) resolve();
    await opened.promise;
  };
  return { gate, arrive };
}
