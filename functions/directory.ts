import type { InvocationContext, Timer, TimerHandler } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import type { DirectoryConfiguration } from "../shared/configuration/directory.ts";
import { keepUpWithDirectory, workOffDirectory } from "../shared/directory/run.ts";
import type { FunctionDefinition } from "../shared/pipeline/handler.ts";
import { finisher } from "../shared/queue/runner.ts";
import { runFunction } from "../shared/telemetry/activity.ts";
import { logTelemetry, processLog, type Log } from "../shared/telemetry/log.ts";
import type { FunctionCall } from "../shared/telemetry/activity-types.ts";
import { directoryNotifications } from "./directory-notifications.ts";

/** Less than the host gives a function on any plan. What is left then waits for the next run. */
const workTimeoutMs = 60_000;

/** The functions of a directory that ends sessions by itself. */
export interface DirectoryFunctions {
  /** What Microsoft Graph calls. */
  readonly notifications: FunctionDefinition;
  /** Timer-triggered: works off what is in the queue, whoever put it there, renews the subscription, and compares. */
  readonly onTimer: TimerHandler;
  /** Ends what this instance does by itself; the queue keeps what is left. */
  readonly stop: () => void;
}

/** As for sign-outs that wait, there is no queue trigger: the instance that was notified looks soon, and the timer makes sure. */
export function directoryFunctions(app: App, directory: DirectoryConfiguration): DirectoryFunctions {
  const { maxAttempts, retrySeconds } = app.configuration.signOut;
  const work = async (call: FunctionCall, log: Log) =>
    runFunction(
      call,
      async () => workOffDirectory(app, directory, logTelemetry(log), AbortSignal.timeout(workTimeoutMs)),
      (outcome) => ({ success: "value" in outcome, attributes: {} }),
    );
  const again = finisher({
    finish: async () => work({ name: "directory", trigger: "other", traceParent: undefined }, processLog),
    retrySeconds,
    maxTries: maxAttempts,
    firstDelayMs: 200,
  });
  return {
    notifications: directoryNotifications(app, directory, () => again.begin()),
    async onTimer(_timer: Timer, context: InvocationContext) {
      const traceParent = context.traceContext?.traceParent ?? undefined;
      await work({ name: "directory", trigger: "timer", traceParent }, context).catch(() => undefined);
      await keepUpWithDirectory(app, directory, logTelemetry(context));
    },
    stop: () => again.stop(),
  };
}
