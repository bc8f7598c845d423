import type { LogLevel } from "../log.ts";
import { toError } from "../worker/errors.ts";
import { keepInvisible } from "./lease.ts";
import { decodeMessage } from "./message.ts";
import type { QueueSettings } from "./settings.ts";
import { isLostMessage, type ReceivedMessage, type StorageQueue } from "./storage.ts";

export interface ProcessorOptions {
  readonly queue: StorageQueue;
  /** `undefined`: messages that fail for good stay in the queue, out of sight. */
  readonly poisonQueue: StorageQueue | undefined;
  readonly settings: QueueSettings;
  /** Calls the function. Resolves to whether it succeeded; never rejects. */
  readonly call: (message: ReceivedMessage, content: Buffer) => Promise<boolean>;
  readonly report: (level: LogLevel, text: string) => void;
  /** How long a message was made invisible when it was fetched. */
  readonly leaseSeconds?: number;
}

/** What the extension takes, whatever host.json says: `visibilityTimeout` there is for messages that failed. */
export const defaultLeaseSeconds = 600;

const timeoutMs = 30_000;

/**
 * Works on one message: calls the function with it, then deletes it, or leaves it for another attempt, or moves it to the
 * poison queue after the last one. The result never rejects.
 */
export function createProcessor(options: ProcessorOptions): (message: ReceivedMessage) => Promise<void> {
  const { settings, report } = options;
  return async (message) => {
    try {
      const content = decodeMessage(message.text, settings.messageEncoding);
      if (content === undefined) {
        report("warning", `message ${message.id} is not ${settings.messageEncoding} (see messageEncoding)`);
        await moveToPoisonQueue(message, options);
      } else if (message.dequeueCount > settings.maxDequeueCount) {
        await moveToPoisonQueue(message, options);
      } else {
        await attempt(message, content, options);
      }
    } catch (error) {
      if (isLostMessage(error)) return;
      report("error", `message ${message.id} comes back later, whatever became of it: ${toError(error).message}`);
    }
  };
}

async function attempt(message: ReceivedMessage, content: Buffer, options: ProcessorOptions): Promise<void> {
  const { queue, poisonQueue, settings, call, leaseSeconds = defaultLeaseSeconds } = options;
  const lease = keepInvisible(queue, message, leaseSeconds);
  const succeeded = await call(message, content);
  const latest = await lease.end();
  if (succeeded) {
    await queue.remove(latest, AbortSignal.timeout(timeoutMs));
  } else if (message.dequeueCount >= settings.maxDequeueCount) {
    await moveToPoisonQueue(latest, options);
  } else if (poisonQueue !== undefined) {
    const seconds = Math.trunc(settings.visibilityTimeoutMs / 1000);
    await queue.hide(latest, seconds, AbortSignal.timeout(timeoutMs));
  }
}

// Copied before it is deleted: it may end up in both, but never in neither.
async function moveToPoisonQueue(message: ReceivedMessage, options: ProcessorOptions): Promise<void> {
  const { queue, poisonQueue, settings, report } = options;
  if (poisonQueue === undefined) return;
  report("warning", `a message that failed ${settings.maxDequeueCount} times goes to "${poisonQueue.name}"`);
  const signal = AbortSignal.timeout(timeoutMs);
  await poisonQueue.send(message.text, signal);
  await queue.remove(message, signal);
}
