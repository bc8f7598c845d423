import type { QueueClient, QueueSendMessageResponse, QueueServiceClient } from "@azure/storage-queue";
import { backOff, forGood, shared, withinDeadline } from "../core/waiting.ts";
import { managedIdentity } from "../core/managed-identity.ts";
import { dependency } from "../telemetry/activity.ts";
import type { QueueConnection } from "../configuration/sign-out.ts";
import { QueueUnavailableError, statusOf } from "./errors.ts";

/** A message that was taken from the queue and is hidden from others for a while. */
export interface QueueMessage {
  readonly id: string;
  /** Proves that this receiver is the last that got the message. */
  readonly popReceipt: string;
  readonly text: string;
  /** How often the message has been received, this time included. */
  readonly attempt: number;
}

/** A storage queue. Every method throws {@link QueueUnavailableError} unless the queue has done what was asked. */
export interface WorkQueue {
  /** Writes a message, which stays until it is removed, and creates the queue if there is none. If an answer is lost, the message may be written twice. */
  put(text: string, signal: AbortSignal): Promise<void>;
  /** Receives messages, the oldest first, and hides them from others. None if there is no such queue. */
  receive(limits: { count: number; hiddenSeconds: number }, signal: AbortSignal): Promise<readonly QueueMessage[]>;
  /** Deletes the message, unless it is gone, or somebody else has received it since. */
  remove(message: QueueMessage, signal: AbortSignal): Promise<void>;
  /** Makes the message appear again after `seconds`, unless somebody else has received it since. */
  postpone(message: QueueMessage, seconds: number, signal: AbortSignal): Promise<void>;
  /** Moves the message for seven days to the queue whose name ends in `-poison`. */
  putAside(message: QueueMessage, signal: AbortSignal): Promise<void>;
  /** The approximate number of messages, including hidden ones. */
  count(signal: AbortSignal): Promise<number>;
}

/** A time to live. By default, the service drops messages after seven days, and nobody learns of it. */
const untilRemoved = -1;
const putAsideSeconds = 7 * 24 * 3600;

const maxAttempts = 3;
/** Statuses after which it makes sense to try again. */
const transient = new Set([408, 429, 500, 502, 503, 504]);
/** Error codes for a message that is gone, or that another receiver has. */
const notOurs = new Set([400, 404]);

/**
 * The queue `name` and its poison queue. Connects with the first request.
 * @param connection undefined if there is no storage account: then every operation fails
 */
export function workQueue(connection: QueueConnection | undefined, name: string): WorkQueue {
  const connected = shared(async () => connect(connection), forGood);
  const clientOf = async (queue: string) => (await connected()).getQueueClient(queue);
  const ask = async <T>(operation: string, queue: string, signal: AbortSignal, request: Request<T>): Promise<T> =>
    untilAnswered(`${operation} ${queue}`, signal, async () => request(await clientOf(queue), signal));

  const put = async (queue: string, text: string, messageTimeToLive: number, signal: AbortSignal) => {
    const send = async () =>
      ask("put into", queue, signal, async (client, abortSignal) => {
        const options = { abortSignal, messageTimeToLive };
        const { messageId } = (await client.sendMessage(text, options)) as Partial<QueueSendMessageResponse>;
        // Something in between has answered, but a sign-out counts as kept only if the queue itself says so.
        if (!messageId) throw new Error("The answer names no message");
      });
    try {
      await send();
    } catch (error) {
      if (!isMissing(error)) throw error;
      await ask("create", queue, signal, (client, abortSignal) => client.createIfNotExists({ abortSignal }));
      await send();
    }
  };
  const change = async (operation: string, signal: AbortSignal, request: Request<unknown>) => {
    await ask(operation, name, signal, request).catch((error: unknown) => {
      if (!isNotOurs(error)) throw error;
    });
  };
  const remove: WorkQueue["remove"] = async ({ id, popReceipt }, signal) =>
    change("remove from", signal, (client, abortSignal) => client.deleteMessage(id, popReceipt, { abortSignal }));

  return {
    put: async (text, signal) => put(name, text, untilRemoved, signal),
    async receive({ count, hiddenSeconds }, signal) {
      const options = { numberOfMessages: count, visibilityTimeout: hiddenSeconds };
      const answer = await ask("receive from", name, signal, (client, abortSignal) =>
        client.receiveMessages({ ...options, abortSignal }),
      ).catch(nothingIfMissing);
      return (answer?.receivedMessageItems ?? []).map(({ messageId, popReceipt, messageText, dequeueCount }) => ({
        id: messageId,
        popReceipt,
        text: messageText,
        attempt: dequeueCount,
      }));
    },
    remove,
    postpone: async ({ id, popReceipt }, seconds, signal) =>
      change("postpone in", signal, (client, abortSignal) =>
        client.updateMessage(id, popReceipt, undefined, seconds, { abortSignal }),
      ),
    async putAside(message, signal) {
      await put(`${name}-poison`, message.text, putAsideSeconds, signal);
      await remove(message, signal);
    },
    async count(signal) {
      const properties = await ask("count in", name, signal, (client, abortSignal) =>
        client.getProperties({ abortSignal }),
      ).catch(nothingIfMissing);
      return properties?.approximateMessagesCount ?? 0;
    },
  };
}

/** The SDK retries nothing: the caller decides what is repeated, within the time that it has. */
const once = { retryOptions: { maxTries: 1 } };

type Request<T> = (client: QueueClient, abortSignal: AbortSignal) => Promise<T>;

async function connect(connection: QueueConnection | undefined): Promise<QueueServiceClient> {
  if (connection === undefined) throw new Error("No storage account is configured");
  // The build keeps this package in a file of its own: most instances never write or read a message.
  const { QueueServiceClient } = await import("@azure/storage-queue");
  if (connection.kind === "connectionString") {
    return QueueServiceClient.fromConnectionString(connection.connectionString, once);
  }
  return new QueueServiceClient(connection.serviceUri, await managedIdentity(connection.clientId), once);
}

/** Tries again if the queue is busy or unreachable, a few times and never past `signal`. */
async function untilAnswered<T>(operation: string, signal: AbortSignal, request: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await observed(operation, async () => withinDeadline(signal, request()));
    } catch (error) {
      const isTransient = transient.has(statusOf(error) ?? 503);
      if (!isTransient || attempt === maxAttempts || signal.aborted) throw new QueueUnavailableError(operation, error);
      await backOff(attempt, 100 * attempt * (1 + Math.random()), signal);
    }
  }
}

async function observed<T>(operation: string, request: () => Promise<T>): Promise<T> {
  const queue = operation.split(" ").at(-1) ?? operation;
  const asked = { "messaging.system": "azure_queue_storage", "messaging.destination.name": queue };
  return dependency({ name: operation, attributes: asked }, request, (outcome) => {
    const status = "error" in outcome ? (statusOf(outcome.error) ?? 0) : 200;
    const success = status !== 0 && (status < 400 || status === 404);
    return { success, attributes: { "http.response.status_code": status } };
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof QueueUnavailableError && statusOf(error.cause) === 404;
}

function isNotOurs(error: unknown): boolean {
  return error instanceof QueueUnavailableError && notOurs.has(statusOf(error.cause) ?? 0);
}

function nothingIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
