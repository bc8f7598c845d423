import type { InvocationContext, StorageQueueHandler } from "@azure/functions";
import hostJson from "../host.json" with { type: "json" };
import type { App } from "../shared/app.ts";
import { hostSettings } from "../shared/settings.ts";
import { isSignOutOrder } from "../shared/sign-out/order.ts";
import { finishSignOut as finish } from "../shared/sign-out/sign-out.ts";
import { logTelemetry } from "../shared/telemetry.ts";
import { runFunction, type Ending } from "../shared/telemetry/activity.ts";

/** One attempt; the message comes back after the queue's visibility timeout. */
const attemptTimeoutMs = 30_000;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Queue-triggered: finishes sign-outs that the store could not take when they were asked for. A message that fails stays
 * in the queue and comes back; after the last attempt the host moves it to `sign-outs-poison`, where it waits to be
 * looked at, and the event `signout_abandoned` says so.
 * @param environment whose settings may replace the number of attempts
 */
export function finishSignOut(app: App, environment: Environment): StorageQueueHandler {
  const maxAttempts = maxAttemptsOf(environment);
  const handle: StorageQueueHandler = async (message, context) => {
    const telemetry = logTelemetry(context);
    const attempt = attemptOf(context);
    try {
      if (!isSignOutOrder(message)) throw new Error("The message is not a sign-out order");
      const signal = AbortSignal.timeout(attemptTimeoutMs);
      await finish(app, message, { signal, telemetry, finishLater });
    } catch (error) {
      const origin = isSignOutOrder(message) ? message.origin : "unknown";
      if (attempt >= maxAttempts) telemetry.error("signout_abandoned", { origin, attempt });
      throw error;
    }
  };
  return async (message, context) => {
    const traceParent = context.traceContext?.traceParent ?? undefined;
    const call = { name: "finish-sign-out", trigger: "queue", traceParent } as const;
    await runFunction(call, async () => handle(message, context), endingOf);
  };
}

function endingOf(outcome: object): Ending {
  const success = "value" in outcome;
  return { success, resultCode: success ? "0" : "1" };
}

/** There is nothing later than this: a failure goes back to the queue by itself. */
function finishLater(): void {}

/** The host knows it, and does not tell: `extensions.queues.maxDequeueCount` of host.json, or the setting that replaces it. */
function maxAttemptsOf(environment: Environment): number {
  const setting = environment[hostSettings.maxDequeueCount.name];
  return Number(setting ?? hostJson.extensions.queues.maxDequeueCount);
}

function attemptOf({ triggerMetadata }: InvocationContext): number {
  const count = Number(triggerMetadata?.["dequeueCount"]);
  return Number.isInteger(count) ? count : 0;
}
