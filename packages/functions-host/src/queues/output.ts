import { StartError } from "../start-error.ts";
import type { OutputBinding, TriggerContext } from "../triggers/trigger.ts";
import type { BindingInfo } from "../worker/core-types.ts";
import { toError } from "../worker/errors.ts";
import { connectionSetting, findConnectionString } from "./connection.ts";
import { encodeMessage } from "./message.ts";
import { toMessages } from "./output-values.ts";
import { readConnection, readQueueName, refuseUnknownMembers } from "./queue-name.ts";

/** The app's caller waits for it. */
const timeoutMs = 5000;

/**
 * A queue output binding. Without its connection the function runs, and fails when it sets the output, as in Azure.
 * @throws {StartError} when the binding asks for something this host does not do
 */
export function compileQueueOutput(name: string, binding: BindingInfo, context: TriggerContext): OutputBinding {
  refuseUnknownMembers(binding, ["name", "type", "direction", "properties", "queueName", "connection"]);
  const queueName = readQueueName(binding);
  const connection = readConnection(binding);
  const { env, queues, hostJson } = context;
  const connectionString = findConnectionString(connection, env);
  if (connectionString === undefined) return { name, write: () => refuseWithoutConnection(connection) };
  const queue = queues.open(connectionString, queueName);
  return {
    name,
    async write(data) {
      const texts = toMessages(data).map((content) => encodeMessage(content, hostJson.queues.messageEncoding));
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        for (const text of texts) await queue.send(text, signal);
      } catch (cause) {
        const reason = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : toError(cause).message;
        throw new Error(`the queue "${queueName}" could not be written: ${reason}`, { cause });
      }
    },
  };
}

function refuseWithoutConnection(connection: string): Promise<never> {
  const setting = connectionSetting(connection);
  return Promise.reject(new Error(`the setting ${setting} with the storage account's connection string is missing`));
}

/** @throws {StartError} */
export function compileOutput(name: string, binding: BindingInfo, context: TriggerContext): OutputBinding {
  if (binding.type.toLowerCase() === "queue") return compileQueueOutput(name, binding, context);
  throw new StartError(`the output binding "${binding.type}" is not supported by the local functions host`);
}
