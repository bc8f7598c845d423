import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { problemCodeOf } from "../core/errors.ts";
import type { QueueUnavailableError } from "../queue/errors.ts";
import { contentOf } from "../queue/message.ts";
import type { QueueMessage } from "../queue/queue.ts";
import { workOff, type WorkOutcome } from "../queue/process-queue.ts";
import type { Telemetry } from "../telemetry/log.ts";
import { compareWithDirectory } from "./compare.ts";
import { GraphError } from "./errors.ts";
import { keepSubscribed } from "./subscription.ts";
import { isDirectoryWork, lookAtUsers, type DirectoryWork } from "./work.ts";

/** Time limit of one attempt at one message. */
const attemptTimeoutMs = 45_000;
/** Time limit of one step of the timer's. All of them take less than the 5 minutes that the host gives a function. */
const stepTimeoutMs = 100_000;
/** A comparison begins no page later than this. */
const lastPageMs = 60_000;

/** Works off what Microsoft Graph has told. @returns whether anything is left */
export async function workOffDirectory(
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
  return workOff(app.directoryQueue, work, signal);
}

/** The timer's steps. One that fails keeps no other from its turn. */
export async function keepUpWithDirectory(
  app: App,
  directory: DirectoryConfiguration,
  telemetry: Telemetry,
): Promise<void> {
  const invocation = () => ({ signal: AbortSignal.timeout(stepTimeoutMs), telemetry });
  await reported("subscribe", telemetry, async () => keepSubscribed(app, directory, invocation()));
  const until = AbortSignal.timeout(lastPageMs);
  await reported("compare", telemetry, async () => compareWithDirectory(app, directory, invocation(), { until }));
}

/**
 * Users are looked at twice, the second time after a while: a sign-in whose callback had not stored its session at the first
 * look is there at the second.
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
    return { othersMay: true };
  }
  const failed = await reported("work", telemetry, async () =>
    carryOutWork(app, directory, work, { signal: AbortSignal.timeout(attemptTimeoutMs), telemetry }),
  );
  if (failed) return failed;
  return "users" in work && message.attempt === 1 && maxAttempts > 1 ? { othersMay: true } : "finished";
}

async function carryOutWork(
  app: App,
  directory: DirectoryConfiguration,
  work: DirectoryWork,
  invocation: Invocation,
): Promise<void> {
  if ("users" in work) return lookAtUsers(app, directory, work.users, invocation);
  await keepSubscribed(app, directory, invocation, true);
  if (work.subscription === "renew") return;
  await compareWithDirectory(app, directory, invocation, {
    isDue: true,
    until: AbortSignal.timeout(attemptTimeoutMs / 2),
  });
}

/** Runs a step and logs why it failed. @returns how its message comes back then */
async function reported(
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
    return { othersMay: !isUnreachable, ...(afterSeconds > 0 && { afterSeconds }) };
  }
}
