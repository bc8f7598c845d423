import type { InvocationContext } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import { queueRunner } from "../shared/queue/runner.ts";
import { runFunction } from "../shared/telemetry/activity.ts";
import type { FunctionCall } from "../shared/telemetry/activity-types.ts";
import { logTelemetry, processLog, type Log, type Telemetry } from "../shared/telemetry/log.ts";

export interface QueueWorkerOptions {
  /** Name of the timer function. */
  readonly name: string;
  /** Processes the queue once. Returns whether anything is left. */
  readonly process: (telemetry: Telemetry, signal: AbortSignal) => Promise<boolean>;
  /** Time limit of one run. What is left then waits for the next one. */
  readonly timeoutMs: number;
  /** As for {@link queueRunner}. */
  readonly firstDelayMs?: number;
}

export interface QueueWorker {
  /** Has this instance process the queue soon. */
  wake(): void;
  /** Processes the queue for the timer, whoever put the messages there. */
  onTimer(context: InvocationContext): Promise<void>;
  /** Ends what this instance does by itself; the queue keeps what is left. */
  stop(): void;
}

/**
 * Processes a queue: soon on the instance that has put something into it, and at the timer's runs. There is no queue trigger:
 * with one, a queue in trouble would end the whole Functions host.
 */
export function queueWorker(app: App, { name, process, timeoutMs, firstDelayMs }: QueueWorkerOptions): QueueWorker {
  const run = async (call: FunctionCall, log: Log) =>
    runFunction(
      call,
      async () => process(logTelemetry(log), AbortSignal.timeout(timeoutMs)),
      (outcome) => ({ success: "value" in outcome, attributes: {} }),
    );
  const { maxAttempts: maxRuns, retrySeconds } = app.configuration.signOut;
  const runner = queueRunner({
    run: async () => run({ name, trigger: "other", traceParent: undefined }, processLog),
    retrySeconds,
    maxRuns,
    ...(firstDelayMs !== undefined && { firstDelayMs }),
  });
  return {
    wake: () => runner.wake(),
    async onTimer(context) {
      const traceParent = context.traceContext?.traceParent ?? undefined;
      await run({ name, trigger: "timer", traceParent }, context);
    },
    stop: () => runner.stop(),
  };
}
