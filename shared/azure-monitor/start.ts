import { setRecorder } from "../telemetry/activity.ts";
import { hostSettings } from "../configuration/host-settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether telemetry is to be sent somewhere. */
export function isRecordingConfigured(environment: Environment): boolean {
  return Boolean(environment[hostSettings.applicationInsights.name]);
}

/**
 * Begins to record. The recorder is loaded only now, so an app without telemetry never loads it. The app starts even if
 * telemetry does not work.
 * @param warn gets what is wrong with telemetry, without contents
 */
export async function startRecording(
  environment: Environment,
  sampledPercentage: number,
  warn: (text: string) => void,
): Promise<void> {
  const { azureMonitorRecorder } = await import("./recorder.ts");
  const recorder = azureMonitorRecorder(environment, sampledPercentage, warn);
  if (typeof recorder === "string") warn(recorder);
  else setRecorder(recorder);
}
