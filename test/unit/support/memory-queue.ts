import { QueueUnavailableError } from "../../../shared/queue/errors.ts";
import type { QueueMessage, WorkQueue } from "../../../shared/queue/queue.ts";

interface Waiting {
  readonly id: string;
  readonly text: string;
  attempt: number;
  /** Milliseconds of the queue's own clock. */
  visibleAt: number;
  popReceipt: string;
}

/** A queue in this process, with a clock that a test moves. */
export interface MemoryQueue extends WorkQueue {
  readonly waiting: readonly Waiting[];
  readonly poison: readonly string[];
  /** Lets time pass, so that hidden messages come back. */
  pass(seconds: number): void;
  /** Operations that fail from now on. */
  readonly failing: Set<keyof WorkQueue>;
}

export function memoryQueue(): MemoryQueue {
  let waiting: Waiting[] = [];
  const poison: string[] = [];
  const failing = new Set<keyof WorkQueue>();
  let now = 0;
  let last = 0;
  const next = () => String(++last);
  const held = ({ id, popReceipt }: QueueMessage) =>
    waiting.find((each) => each.id === id && each.popReceipt === popReceipt);
  const refuse = (operation: keyof WorkQueue) => {
    if (failing.has(operation)) throw new QueueUnavailableError(operation, { statusCode: 503 });
  };
  return {
    get waiting() {
      return waiting;
    },
    poison,
    failing,
    pass: (seconds) => void (now += seconds * 1_000),
    async put(text) {
      refuse("put");
      waiting.push({ id: next(), text, attempt: 0, visibleAt: now, popReceipt: "" });
    },
    async receive({ count, hiddenSeconds }) {
      refuse("receive");
      const due = waiting.filter(({ visibleAt }) => visibleAt <= now).slice(0, count);
      for (const each of due) {
        Object.assign(each, {
          attempt: each.attempt + 1,
          visibleAt: now + hiddenSeconds * 1_000,
          popReceipt: next(),
        });
      }
      return due.map(({ id, text, attempt, popReceipt }) => ({ id, text, attempt, popReceipt }));
    },
    async remove(message) {
      refuse("remove");
      const own = held(message);
      waiting = waiting.filter((each) => each !== own);
    },
    async postpone(message, seconds) {
      refuse("postpone");
      const own = held(message);
      if (own) own.visibleAt = now + seconds * 1_000;
    },
    async putAside(message) {
      refuse("putAside");
      poison.push(message.text);
      const own = held(message);
      waiting = waiting.filter((each) => each !== own);
    },
    async count() {
      refuse("count");
      return waiting.length;
    },
  };
}
