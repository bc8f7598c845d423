import { writeSync } from "node:fs";
import { app as functions } from "@azure/functions";
import { currentRecorder } from "../shared/telemetry/activity.ts";
import { isRecordingConfigured, startRecording } from "../shared/azure-monitor/start.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Records telemetry from the start of the app to its end, where Application Insights is configured.
 * @param sampledPercentage percentage of the traces that arrive sampled whose spans are sent
 * @param broken what is wrong with the app's settings, if anything is
 */
export function recordTelemetry(
  environment: Environment,
  sampledPercentage: number,
  broken: { readonly problems: readonly object[] } | undefined,
): void {
  if (!isRecordingConfigured(environment)) return;
  // The host then does not record what the app logs, which would otherwise be recorded twice.
  functions.setup({ capabilities: { WorkerOpenTelemetryEnabled: true } });
  functions.hook.appStart(async () => {
    await startRecording(environment, sampledPercentage, warn);
    if (broken)
      currentRecorder()?.event("configuration_invalid", "error", { problems: broken.problems.length }, undefined);
  });
  functions.hook.appTerminate(async () => currentRecorder()?.flush());
}

/** Writes synchronously: a line that is written while the app stops would otherwise be lost with the process. */
function warn(text: string): void {
  const line = `${text}\n`;
  try {
    writeSync(process.stderr.fd, line);
  } catch {
    // The pipe is full for a moment.
    process.stderr.write(line);
  }
}
