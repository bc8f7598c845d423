import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { QueueServiceClient } from "@azure/storage-queue";
import { startQueueStorage } from "@entra-functions-bff/queue-storage";
import { finishingDisabled, type World } from "../../support/world.ts";

/** Instances that carry out what is in the queue, and whoever puts something in. */
export interface Finisher {
  /** Puts an order into the queue. Resolves when it is done with, one way or the other. */
  carryOut(order: unknown): Promise<"done" | "put aside">;
  /** Waits for nothing more. */
  close(): Promise<void>;
  /** After the instances. */
  stop(): Promise<void>;
}

interface Waiting {
  readonly id: string;
  resolve(how: "done" | "put aside"): void;
}

/** One attempt, so that what cannot be done is put aside at once. */
const finisherSettings = {
  SignOut__MaxAttempts: "1",
  SignOut__RetrySeconds: "1",
  SignOut__FinishSchedule: "* * * * * *",
  [finishingDisabled]: "false",
};

/**
 * A queue storage, and an instance of the app that reads from it.
 * @param environment of that instance
 */
export async function startFinisher(
  world: World,
  environment: Readonly<Record<string, string>> = {},
): Promise<Finisher> {
  const folder = await mkdtemp(join(tmpdir(), "bff-queue-"));
  const queueStorage = await startQueueStorage({ port: 0, folder });
  const { connectionString } = queueStorage;
  await world.startInstance({ ...finisherSettings, ...environment, AzureWebJobsStorage: connectionString });
  const service = QueueServiceClient.fromConnectionString(connectionString);
  const [queue, poison] = [service.getQueueClient("sign-outs"), service.getQueueClient("sign-outs-poison")];
  await Promise.all([queue.createIfNotExists(), poison.createIfNotExists()]);
  const waiting = new Set<Waiting>();
  const putAside = new Set<string>();
  const closing = new AbortController();

  /** Whatever has been put in before the queue was seen empty is done with. */
  async function watch(): Promise<void> {
    while (!closing.signal.aborted) {
      const known = [...waiting];
      const { approximateMessagesCount = 0 } = await queue.getProperties();
      if (known.length > 0 && approximateMessagesCount === 0) await settle(known);
      await delay(200);
    }
  }

  async function settle(known: readonly Waiting[]): Promise<void> {
    for (;;) {
      const { receivedMessageItems } = await poison.receiveMessages({ numberOfMessages: 32 });
      if (receivedMessageItems.length === 0) break;
      for (const { messageId, popReceipt, messageText } of receivedMessageItems) {
        putAside.add((JSON.parse(Buffer.from(messageText, "base64").toString()) as { test: string }).test);
        await poison.deleteMessage(messageId, popReceipt);
      }
    }
    for (const each of known) {
      waiting.delete(each);
      each.resolve(putAside.has(each.id) ? "put aside" : "done");
    }
  }

  const watching = watch();
  return {
    async carryOut(order) {
      const id = crypto.randomUUID();
      await queue.sendMessage(Buffer.from(JSON.stringify({ ...(order as object), test: id })).toString("base64"));
      return new Promise((resolve) => waiting.add({ id, resolve }));
    },
    async close() {
      closing.abort();
      await watching;
    },
    async stop() {
      await queueStorage.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
