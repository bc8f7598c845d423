import type { DequeuedMessageItem, QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { errorCode } from "../json-file.ts";

/** A message that was fetched, and is invisible to others until `nextVisibleOn`. */
export interface ReceivedMessage {
  readonly id: string;
  /** As stored: encoded. */
  readonly text: string;
  /** How often it has been fetched, this time included. */
  readonly dequeueCount: number;
  readonly insertedOn: Date;
  readonly expiresOn: Date;
  readonly nextVisibleOn: Date;
  /** Whoever has the latest one may change the message. */
  readonly popReceipt: string;
}

/** One queue of a storage account. Everything rejects with the SDK's error unless it says otherwise. */
export interface StorageQueue {
  readonly name: string;
  /** Adds a message, creating the queue first where it is missing. */
  send(text: string, signal: AbortSignal): Promise<void>;
  /** Fetches up to `count` messages; none when there is no such queue. */
  receive(count: number, invisibleSeconds: number, signal: AbortSignal): Promise<ReceivedMessage[]>;
  /** Keeps the message invisible for so long from now on. @returns it with its new receipt */
  hide(message: ReceivedMessage, seconds: number, signal: AbortSignal): Promise<ReceivedMessage>;
  remove(message: ReceivedMessage, signal: AbortSignal): Promise<void>;
}

/** The storage accounts that an app's bindings lead to. */
export interface QueueStorage {
  /** Connects on first use, not here. */
  open(connectionString: string, queueName: string): StorageQueue;
  /** Calls `wake` whenever this host has added a message to a queue of this name. */
  whenSent(queueName: string, wake: () => void): void;
  /** Loads what talks to the service, which takes a while, so that the first message does not wait for it. */
  preload(): void;
}

// Loading the SDK takes longer than starting all the rest of the host.
const loadSdk = () => import("@azure/storage-queue");

export function createQueueStorage(): QueueStorage {
  const services = new Map<string, Promise<QueueServiceClient>>();
  const watchers = new Map<string, (() => void)[]>();

  const service = (connectionString: string) => {
    const known = services.get(connectionString) ?? connect(connectionString);
    services.set(connectionString, known);
    return known;
  };
  return {
    open(connectionString, queueName) {
      const client = async () => (await service(connectionString)).getQueueClient(queueName);
      return openQueue(queueName, client, () => watchers.get(queueName)?.forEach((wake) => wake()));
    },
    whenSent(queueName, wake) {
      watchers.set(queueName, [...(watchers.get(queueName) ?? []), wake]);
    },
    preload() {
      loadSdk().catch(() => undefined);
    },
  };
}

async function connect(connectionString: string): Promise<QueueServiceClient> {
  const { QueueServiceClient } = await loadSdk();
  const retryOptions = { maxTries: 4, retryDelayInMs: 300, maxRetryDelayInMs: 1200 };
  return QueueServiceClient.fromConnectionString(connectionString, { retryOptions });
}

function openQueue(name: string, client: () => Promise<QueueClient>, sent: () => void): StorageQueue {
  return {
    name,
    async send(text, abortSignal) {
      const queue = await client();
      try {
        await queue.sendMessage(text, { abortSignal });
      } catch (error) {
        if (errorCode(error) !== "QueueNotFound") throw error;
        await queue.createIfNotExists({ abortSignal });
        await queue.sendMessage(text, { abortSignal });
      }
      sent();
    },
    async receive(numberOfMessages, visibilityTimeout, abortSignal) {
      const queue = await client();
      try {
        const answer = await queue.receiveMessages({ numberOfMessages, visibilityTimeout, abortSignal });
        return answer.receivedMessageItems.map(toMessage);
      } catch (error) {
        if (errorCode(error) === "QueueNotFound") return [];
        throw error;
      }
    },
    async hide(message, seconds, abortSignal) {
      const queue = await client();
      const { id, popReceipt } = message;
      const answer = await queue.updateMessage(id, popReceipt, undefined, seconds, { abortSignal });
      return {
        ...message,
        popReceipt: answer.popReceipt ?? popReceipt,
        nextVisibleOn: answer.nextVisibleOn ?? message.nextVisibleOn,
      };
    },
    async remove({ id, popReceipt }, abortSignal) {
      await (await client()).deleteMessage(id, popReceipt, { abortSignal });
    },
  };
}

function toMessage(item: DequeuedMessageItem): ReceivedMessage {
  const { messageId: id, messageText: text, dequeueCount, popReceipt, insertedOn, expiresOn, nextVisibleOn } = item;
  return { id, text, dequeueCount, popReceipt, insertedOn, expiresOn, nextVisibleOn };
}

const lost = new Set(["PopReceiptMismatch", "MessageNotFound", "QueueNotFound", "QueueBeingDeleted", "QueueDisabled"]);

/** Whether a change failed because the message, or the right to it, is gone: somebody else took it over. */
export function isLostMessage(error: unknown): boolean {
  return lost.has(errorCode(error) ?? "");
}
