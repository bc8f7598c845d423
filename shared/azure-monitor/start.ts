import { recordWith } from "../telemetry/activity.ts";
import { hostSettings } from "../configuration/host-settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether telemetry is to be sent somewhere. */
export function isRecordingConfigured(environment: Environment): boolean {
  return Boolean(environment[hostSettings.applicationInsights.name]);
}

/**
 * Begins to record. What records is loaded only now: a start without it does not pay. Telemetry is never a reason for
 * the app not to start.
 * @param warn told what is wrong with it, without contents
 */
export async function startRecording(
  environment: Environment,
  sampledPercentage: number,
  warn: (text: string) => void,
): Promise<void> {
  const { azureMonitorRecorder } = await import("./recorder.ts");
  const recorder = azureMonitorRecorder(environment, sampledPercentage, warn);
  if (typeof recorder === "string") warn(recorder);
  else recordWith(recorder);
}
