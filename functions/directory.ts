import type { TimerHandler } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import type { DirectoryConfiguration } from "../shared/configuration/directory.ts";
import { processDirectoryQueue, renewAndCompare } from "../shared/directory/run.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { logTelemetry } from "../shared/telemetry/log.ts";
import { directoryNotifications } from "./directory-notifications.ts";
import { queueWorker } from "./queue-worker.ts";

/** The functions of a directory that ends sessions by itself. */
export interface DirectoryFunctions {
  /** What Microsoft Graph calls. */
  readonly notifications: FunctionDefinition;
  /** Timer-triggered: processes what is in the queue, renews the subscription, and compares. */
  readonly onTimer: TimerHandler;
  /** Ends what this instance does by itself; the queue keeps what is left. */
  readonly stop: () => void;
}

export function directoryFunctions(app: App, directory: DirectoryConfiguration): DirectoryFunctions {
  const worker = queueWorker(app, {
    name: "directory",
    process: async (telemetry, signal) => processDirectoryQueue(app, directory, telemetry, signal),
    // Together with the timer's other steps, less than the host gives a function on any plan.
    timeoutMs: 60_000,
    firstDelayMs: 200,
  });
  return {
    notifications: directoryNotifications(app, directory, () => worker.wake()),
    async onTimer(_timer, context) {
      // If the queue is in trouble, that is in the log, and keeps nothing else waiting.
      await worker.onTimer(context).catch(() => undefined);
      await renewAndCompare(app, directory, logTelemetry(context));
    },
    stop: () => worker.stop(),
  };
}
