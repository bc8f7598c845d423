import type { TimerHandler } from "@azure/functions";
import type { App } from "../shared/app/app.ts";
import { putIntoQueue, type SigningOut } from "../shared/sign-out/defer.ts";
import { finishWaiting } from "../shared/sign-out/finish-waiting.ts";
import { queueWorker } from "./queue-worker.ts";

/** Defers sign-outs, and finishes them. */
export interface WaitingSignOuts {
  /** For functions that sign out: puts an order into the queue, and has this instance try it soon. */
  readonly defer: SigningOut["defer"];
  /** Timer-triggered: finishes what is in the queue, whoever put it there. */
  readonly onTimer: TimerHandler;
  /** Ends the tries that this instance makes by itself; the queue keeps what is left. */
  readonly stop: () => void;
}

/** Finishes the sign-outs that wait because the store failed. */
export function waitingSignOuts(app: App): WaitingSignOuts {
  const worker = queueWorker(app, {
    name: "finish-sign-outs",
    process: async (telemetry, signal) => finishWaiting(app, telemetry, signal),
    // Less than the host gives a function on any plan.
    timeoutMs: 120_000,
  });
  return {
    async defer(order) {
      await putIntoQueue(app, order);
      worker.wake();
    },
    onTimer: async (_timer, context) => worker.onTimer(context),
    stop: () => worker.stop(),
  };
}
