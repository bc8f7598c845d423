import { connectionSetting, findConnectionString } from "../queues/connection.ts";
import { createQueueListener, type QueueListener } from "../queues/listener.ts";
import { toQueueInvocation } from "../queues/message.ts";
import { createProcessor } from "../queues/processor.ts";
import { poisonQueueName, readConnection, readQueueName, refuseUnknownMembers } from "../queues/queue-name.ts";
import type { ReceivedMessage } from "../queues/storage.ts";
import { judgeTrouble } from "../queues/trouble.ts";
import { describeError } from "../worker/errors.ts";
import { execute } from "./execute.ts";
import type { Trigger, TriggerContext, TriggeredFunction } from "./trigger.ts";

/** The storage queue trigger: looks into each function's queue and calls the function for every message. */
export interface QueueTrigger extends Trigger {
  readonly functions: readonly { readonly name: string; readonly queueName: string }[];
}

export function createQueueTrigger(context: TriggerContext): QueueTrigger {
  const functions: { name: string; queueName: string }[] = [];
  const listeners: QueueListener[] = [];
  return {
    bindingType: "queuetrigger",
    functions,
    add(fn) {
      const { name } = fn.metadata;
      refuseUnknownMembers(fn.binding, ["name", "type", "direction", "properties", "queueName", "connection"]);
      const queueName = readQueueName(fn.binding);
      const connection = readConnection(fn.binding);
      const connectionString = findConnectionString(connection, context.env);
      if (connectionString === undefined) {
        reportMissingConnection(name, connection, context);
        return;
      }
      listeners.push(listen(fn, connectionString, queueName, context));
      functions.push({ name, queueName });
    },
    async start() {
      if (listeners.length > 0) context.queues.preload();
      for (const listener of listeners) listener.start();
      return Promise.resolve();
    },
    async stop(graceMs) {
      await Promise.all(listeners.map((listener) => listener.stop(graceMs)));
    },
  };
}

// In Azure, too, the host keeps running without a function that it cannot connect.
function reportMissingConnection(name: string, connection: string, { log }: TriggerContext): void {
  const setting = connectionSetting(connection);
  const message = `function "${name}" does not run: the setting ${setting} with the storage account's connection string is missing`;
  log.write("error", "Host.Startup", message);
}

function listen(
  fn: TriggeredFunction,
  connectionString: string,
  queueName: string,
  context: TriggerContext,
): QueueListener {
  const { queues, hostJson, log } = context;
  const category = `Function.${fn.metadata.name}`;
  const queue = queues.open(connectionString, queueName);
  const poisonName = poisonQueueName(queueName);
  const processor = createProcessor({
    queue,
    poisonQueue: poisonName === undefined ? undefined : queues.open(connectionString, poisonName),
    settings: hostJson.queues,
    call: (message, content) => call(fn, queueName, message, content, context),
    report: (level, text) => log.write(level, category, text),
  });
  const listener = createQueueListener({
    queue,
    settings: hostJson.queues,
    process: processor,
    report: (level, text) => log.write(level, category, text),
    judge: (error) => judgeTrouble(error, context.env),
    endHost: context.endHost,
  });
  queues.whenSent(queueName, listener.wake);
  return listener;
}

/** @returns whether the function succeeded; the log has the details. Never rejects */
async function call(
  fn: TriggeredFunction,
  queueName: string,
  message: ReceivedMessage,
  content: Buffer,
  context: TriggerContext,
): Promise<boolean> {
  const { log, hostJson } = context;
  const { name } = fn.metadata;
  const started = performance.now();
  let id: string | undefined;
  try {
    const request = toQueueInvocation(fn, message, content, hostJson.openTelemetry);
    id = request.invocationId;
    await execute(context, fn, request);
  } catch (error) {
    const attempt = `attempt ${message.dequeueCount} of ${hostJson.queues.maxDequeueCount}`;
    log.write("error", `Function.${name}`, `failed, ${attempt}: ${describeError(error)}`, id);
    return false;
  }
  const elapsed = (performance.now() - started).toFixed(1);
  log.write("information", "Host.Results", `${name} queue ${queueName} succeeded in ${elapsed} ms`, id);
  return true;
}
