import { QueueUnavailableError } from "./errors.ts";
import type { QueueMessage, WorkQueue } from "./queue.ts";

/** The outcome for one message. */
export type WorkOutcome = "finished" | Unfinished;

/** The message comes back. */
export interface Unfinished {
  /** Whether other messages may succeed: not if what all of them need could not be reached. */
  readonly othersMaySucceed: boolean;
  /** Seconds until it comes back, if not as usual. */
  readonly afterSeconds?: number;
}

/** What is done with the messages of a queue. */
export interface Work {
  /** Attempts at one message before it is put aside. */
  readonly maxAttempts: number;
  readonly retrySeconds: number;
  /** Must not reject. */
  readonly attempt: (message: QueueMessage) => Promise<WorkOutcome>;
  /** Called when a message was put aside. */
  readonly abandoned: (message: QueueMessage) => void;
  readonly queueFailed: (error: QueueUnavailableError) => void;
}

/** The number of messages that are processed at the same time. */
const atOnce = 8;
/** Longer than an attempt. If an instance ends meanwhile, its messages appear again after this time. */
const hiddenSeconds = 60;
const queueTimeoutMs = 10_000;

/**
 * Processes a queue until no message is due, an attempt shows that nothing can be reached, or `signal` aborts. A message that
 * fails comes back after a while; after the last attempt it goes to the queue whose name ends in `-poison`. Any number of
 * instances may do this at the same time: a message that one has received is hidden from the others.
 * @returns whether any message is left, now or later
 * @throws {QueueUnavailableError} when the queue cannot be read
 */
export async function processQueue(queue: WorkQueue, work: Work, signal: AbortSignal): Promise<boolean> {
  try {
    let goesOn = true;
    while (goesOn && !signal.aborted) goesOn = await processSome(queue, work);
    return (await queue.count(soon())) > 0;
  } catch (error) {
    if (error instanceof QueueUnavailableError) work.queueFailed(error);
    throw error;
  }
}

/** @returns whether to go on: not if there was none, nor if all failed because nothing is reachable. The others keep their attempts */
async function processSome(queue: WorkQueue, work: Work): Promise<boolean> {
  const messages = await queue.receive({ count: atOnce, hiddenSeconds }, soon());
  const outcomes = await Promise.all(messages.map(async (message) => processOne(queue, work, message)));
  return outcomes.some((outcome) => outcome === "finished" || outcome.othersMaySucceed);
}

/** Never rejects: if the queue fails, the message comes back by itself. */
async function processOne(queue: WorkQueue, work: Work, message: QueueMessage): Promise<WorkOutcome> {
  const outcome = await work.attempt(message);
  try {
    if (outcome === "finished") await queue.remove(message, soon());
    else await returnToQueue(queue, work, message, outcome);
  } catch (error) {
    work.queueFailed(error instanceof QueueUnavailableError ? error : new QueueUnavailableError("unknown", error));
  }
  return outcome;
}

/** Postpones the message or, after its last attempt, puts it aside, where an operator can look at it. */
async function returnToQueue(
  queue: WorkQueue,
  { maxAttempts, retrySeconds, abandoned }: Work,
  message: QueueMessage,
  { afterSeconds = retrySeconds }: Unfinished,
): Promise<void> {
  if (message.attempt < maxAttempts) return queue.postpone(message, afterSeconds, soon());
  await queue.putAside(message, soon());
  abandoned(message);
}

function soon(): AbortSignal {
  return AbortSignal.timeout(queueTimeoutMs);
}
