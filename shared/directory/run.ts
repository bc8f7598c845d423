import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { problemCodeOf } from "../core/errors.ts";
import type { QueueUnavailableError } from "../queue/errors.ts";
import { contentOf } from "../queue/message.ts";
import type { QueueMessage } from "../queue/queue.ts";
import { processQueue, type WorkOutcome } from "../queue/process-queue.ts";
import type { Telemetry } from "../telemetry/log.ts";
import { compareWithDirectory } from "./compare.ts";
import { GraphError } from "./errors.ts";
import { keepSubscribed } from "./subscription.ts";
import { isDirectoryWork, checkUsers, type DirectoryWork } from "./work.ts";

/** Time limit of one attempt at one message. */
const attemptTimeoutMs = 45_000;
/** Time limit of one step of the timer's. All of them take less than the 5 minutes that the host gives a function. */
const stepTimeoutMs = 100_000;
/** A comparison begins no page later than this. */
const lastPageMs = 60_000;

/** Processes what Microsoft Graph has told. @returns whether anything is left */
export async function processDirectoryQueue(
  app: App,
  directory: DirectoryConfiguration,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<boolean> {
  const { maxAttempts, retrySeconds } = app.configuration.signOut;
  const work = {
    maxAttempts,
    retrySeconds,
    attempt: async (message: QueueMessage) => attempt(app, directory, message, telemetry),
    abandoned: (message: QueueMessage) => telemetry.error("directory_abandoned", { attempt: message.attempt }),
    queueFailed: ({ reason }: QueueUnavailableError) => telemetry.error("directory_failed", { step: "queue", reason }),
  };
  return processQueue(app.directoryQueue, work, signal);
}

/** Renews the subscription and compares, if either is due. The second runs even if the first fails. */
export async function renewAndCompare(
  app: App,
  directory: DirectoryConfiguration,
  telemetry: Telemetry,
): Promise<void> {
  const invocation = () => ({ signal: AbortSignal.timeout(stepTimeoutMs), telemetry });
  await tryStep("subscribe", telemetry, async () => keepSubscribed(app, directory, invocation()));
  const until = AbortSignal.timeout(lastPageMs);
  await tryStep("compare", telemetry, async () => compareWithDirectory(app, directory, invocation(), { until }));
}

/**
 * Checks users twice, the second time after a while: a session that its callback had not stored at the first check is there at
 * the second.
 */
async function attempt(
  app: App,
  directory: DirectoryConfiguration,
  message: QueueMessage,
  telemetry: Telemetry,
): Promise<WorkOutcome> {
  const { maxAttempts } = app.configuration.signOut;
  const work = contentOf(message.text);
  if (!isDirectoryWork(work)) {
    telemetry.error("directory_failed", { step: "read", reason: "unreadable" });
    return { othersMaySucceed: true };
  }
  const failed = await tryStep("work", telemetry, async () =>
    carryOutWork(app, directory, work, { signal: AbortSignal.timeout(attemptTimeoutMs), telemetry }),
  );
  if (failed) return failed;
  return "users" in work && message.attempt === 1 && maxAttempts > 1 ? { othersMaySucceed: true } : "finished";
}

async function carryOutWork(
  app: App,
  directory: DirectoryConfiguration,
  work: DirectoryWork,
  invocation: Invocation,
): Promise<void> {
  if ("users" in work) return checkUsers(app, directory, work.users, invocation);
  await keepSubscribed(app, directory, invocation, true);
  if (work.subscription === "renew") return;
  await compareWithDirectory(app, directory, invocation, {
    isDue: true,
    until: AbortSignal.timeout(attemptTimeoutMs / 2),
  });
}

/** Runs a step and logs why it failed. @returns how its message comes back then */
async function tryStep(
  step: string,
  telemetry: Telemetry,
  work: () => Promise<void>,
): Promise<Exclude<WorkOutcome, "finished"> | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const isGraph = error instanceof GraphError;
    telemetry.error("directory_failed", { step, reason: isGraph ? error.reason : problemCodeOf(error) });
    const isUnreachable = isGraph || problemCodeOf(error) === "store_unavailable";
    const afterSeconds = isGraph ? error.retryAfterSeconds : 0;
    return { othersMaySucceed: !isUnreachable, ...(afterSeconds > 0 && { afterSeconds }) };
  }
}
