import { randomUUID } from "node:crypto";
import { QueueServiceClient } from "@azure/storage-queue";
import { callFunction } from "@entra-functions-bff/functions-host/call-function";
import { hostCommand } from "@entra-functions-bff/functions-host/instance";
import { startQueueService } from "./queue-service.ts";
import { finishingDisabled, type World } from "./world.ts";

/** An instance that carries out what is in its queue, and whoever puts something in. */
export interface Finisher {
  /** Puts an order into the queue, and has it worked on at once. Resolves when it is done with, one way or the other. */
  carryOut(order: unknown): Promise<"done" | "put aside">;
  /** After the instances. */
  stop(): Promise<void>;
}

/** One attempt, so that what cannot be done is put aside at once. */
const settings = {
  SignOut__MaxAttempts: "1",
  SignOut__RetrySeconds: "1",
  SignOut__FinishSchedule: "* * * * * *",
  [finishingDisabled]: "false",
};

/**
 * An instance of the app with a queue of its own. Each order is a call of the function, as if there were as many instances
 * as orders: none waits for another.
 * @param environment of that instance
 */
export async function startFinisher(
  world: World,
  environment: Readonly<Record<string, string>> = {},
): Promise<Finisher> {
  const service = await startQueueService();
  const { connectionString } = service;
  const { url } = await world.startInstance({ ...settings, ...environment, AzureWebJobsStorage: connectionString });
  const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient("sign-outs");
  await queue.createIfNotExists();
  return {
    async carryOut(order) {
      // No two messages are the same, so that each is found again.
      const text = Buffer.from(JSON.stringify({ ...(order as object), test: randomUUID() })).toString("base64");
      const { messageId } = await queue.sendMessage(text);
      // At another host the timer comes within a second.
      if (hostCommand === undefined) await callFunction(url, "finish-sign-outs", world.platform.masterKey);
      await service.deleted(messageId);
      return service.texts("sign-outs-poison").includes(text) ? "put aside" : "done";
    },
    stop: () => service.stop(),
  };
}
