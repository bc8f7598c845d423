import type { InvocationContext, TimerHandler, Timer } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import { putIntoQueue, type SigningOut } from "../shared/sign-out/defer.ts";
import { finisher } from "../shared/queue/runner.ts";
import { finishWaiting } from "../shared/sign-out/finish-waiting.ts";
import { logTelemetry, processLog, type Log } from "../shared/telemetry/log.ts";
import { runFunction } from "../shared/telemetry/activity.ts";
import type { Ending, FunctionCall } from "../shared/telemetry/activity-types.ts";

/** Less than the host gives a function on any plan. What is left then waits for the next run. */
const runTimeoutMs = 120_000;

/** Defers sign-outs, and finishes them. */
export interface WaitingSignOuts {
  /** For functions that sign out: puts an order into the queue, and has this instance try it soon. */
  readonly defer: SigningOut["defer"];
  /** Timer-triggered: finishes what is in the queue, whoever put it there. */
  readonly onTimer: TimerHandler;
  /** Ends the tries that this instance makes by itself; the queue keeps what is left. */
  readonly stop: () => void;
}

/**
 * Finishes the sign-outs that wait because the store failed. The timer makes sure of them; the instance that deferred one tries
 * sooner. There is no queue trigger: with one, a queue in trouble would end the whole Functions host.
 */
export function waitingSignOuts(app: App): WaitingSignOuts {
  const { maxAttempts, retrySeconds } = app.configuration.signOut;
  const again = finisher({
    finish: async () => run(app, { name: "finish-sign-outs", trigger: "other", traceParent: undefined }, processLog),
    retrySeconds,
    maxTries: maxAttempts,
  });
  return {
    async defer(order) {
      await putIntoQueue(app, order);
      again.begin();
    },
    async onTimer(_timer: Timer, context: InvocationContext) {
      const traceParent = context.traceContext?.traceParent ?? undefined;
      await run(app, { name: "finish-sign-outs", trigger: "timer", traceParent }, context);
    },
    stop: () => again.stop(),
  };
}

/** @returns whether anything is left */
async function run(app: App, call: FunctionCall, log: Log): Promise<boolean> {
  const signal = AbortSignal.timeout(runTimeoutMs);
  return runFunction(call, async () => finishWaiting(app, logTelemetry(log), signal), endingOf);
}

function endingOf(outcome: object): Ending {
  return { success: "value" in outcome, attributes: {} };
}
