import { setTimeout as delay } from "node:timers/promises";
import type { LogLevel } from "../log.ts";
import { toError } from "../worker/errors.ts";
import { createBackoff, type Backoff } from "./backoff.ts";
import { defaultLeaseSeconds } from "./processor.ts";
import { minPollingIntervalMs, type QueueSettings } from "./settings.ts";
import type { ReceivedMessage, StorageQueue } from "./storage.ts";
import type { Trouble } from "./trouble.ts";

export interface QueueListenerOptions {
  readonly queue: StorageQueue;
  readonly settings: QueueSettings;
  /** Works on one message; never rejects. */
  readonly process: (message: ReceivedMessage) => Promise<void>;
  readonly report: (level: LogLevel, text: string) => void;
  /** What a failure to read the queue leads to. */
  readonly judge?: (error: Error) => Trouble;
  /** Ends the host, because of a failure that has lasted too long. */
  readonly endHost?: (reason: string) => void;
  /** How long fetched messages are invisible to others. */
  readonly leaseSeconds?: number;
}

/** Looks into a queue again and again, from `start` to `stop`. */
export interface QueueListener {
  start(): void;
  /** Looks at once, because there is a message. */
  readonly wake: () => void;
  /** Looks no more, and waits for messages being worked on, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createQueueListener(options: QueueListenerOptions): QueueListener {
  const poller = new Poller(options);
  let running: Promise<void> | undefined;
  return {
    start: () => {
      running ??= poller.run();
    },
    wake: () => poller.wake(),
    async stop(graceMs) {
      poller.finish();
      await Promise.race([running?.then(() => poller.idle()), delay(graceMs, undefined, { ref: false })]);
      poller.abort();
    },
  };
}

const fetchTimeoutMs = 30_000;

class Poller {
  readonly #options: QueueListenerOptions;
  readonly #backoff: Backoff;
  readonly #working = new Set<Promise<void>>();
  readonly #aborted = new AbortController();
  readonly #finishing = Promise.withResolvers<void>();
  #isFinishing = false;
  #waking = Promise.withResolvers<void>();
  #isFailing = false;
  #ending: NodeJS.Timeout | undefined;

  constructor(options: QueueListenerOptions) {
    this.#options = options;
    this.#backoff = createBackoff(minPollingIntervalMs, options.settings.maxPollingIntervalMs);
  }

  async run(): Promise<void> {
    let found = false;
    while (!this.#isFinishing) {
      // A wake-up from here on counts, even before the pause has begun.
      this.#waking = Promise.withResolvers();
      const messages = await this.#fetch();
      for (const message of messages) this.#begin(message);
      if (messages.length > 0) {
        found = true;
        await this.#untilBelowThreshold();
      } else {
        await this.#pause(this.#backoff.next(found));
        found = false;
      }
    }
  }

  wake(): void {
    this.#waking.resolve();
  }

  finish(): void {
    this.#isFinishing = true;
    this.#finishing.resolve();
    this.wake();
  }

  abort(): void {
    clearTimeout(this.#ending);
    this.#aborted.abort();
  }

  async idle(): Promise<void> {
    await Promise.all(this.#working);
  }

  async #fetch(): Promise<ReceivedMessage[]> {
    const { queue, settings, leaseSeconds = defaultLeaseSeconds } = this.#options;
    const signal = AbortSignal.any([this.#aborted.signal, AbortSignal.timeout(fetchTimeoutMs)]);
    try {
      const messages = await queue.receive(settings.batchSize, leaseSeconds, signal);
      this.#reportState(undefined);
      return messages;
    } catch (error) {
      this.#reportState(toError(error));
      return [];
    }
  }

  #reportState(error: Error | undefined): void {
    this.#expectEnd(error);
    const { queue, report } = this.#options;
    if (error !== undefined && !this.#isFailing && !this.#isFinishing) {
      report("error", `the queue "${queue.name}" cannot be read, trying again and again: ${error.message}`);
    } else if (error === undefined && this.#isFailing) {
      report("information", `the queue "${queue.name}" can be read again`);
    }
    this.#isFailing = error !== undefined;
  }

  // In Azure some failures end the host, HTTP functions and all, when they have lasted for a while.
  #expectEnd(error: Error | undefined): void {
    const { judge, endHost, queue } = this.#options;
    const trouble = error === undefined || this.#isFinishing ? "survived" : (judge?.(error) ?? "survived");
    if (trouble === "survived") {
      clearTimeout(this.#ending);
      this.#ending = undefined;
    } else {
      const reason = `the queue "${queue.name}" cannot be read: ${error?.message ?? ""}`;
      this.#ending ??= setTimeout(() => endHost?.(reason), trouble.endsAfterMs);
    }
  }

  #begin(message: ReceivedMessage): void {
    const work = this.#options.process(message).finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  async #untilBelowThreshold(): Promise<void> {
    while (this.#working.size > this.#options.settings.newBatchThreshold && !this.#isFinishing) {
      await Promise.race([...this.#working, this.#finishing.promise]);
    }
  }

  async #pause(ms: number): Promise<void> {
    const timer = setTimeout(this.#waking.resolve, ms);
    await this.#waking.promise;
    clearTimeout(timer);
  }
}
