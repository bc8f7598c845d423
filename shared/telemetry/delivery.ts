/** What `/readyz` says while a destination does not take telemetry. */
export const telemetryRefused = {
  code: "telemetry_refused",
  detail:
    "Application Insights or the OTLP endpoint does not take this instance's telemetry. " +
    "The line that begins with telemetry: in the log says why; 403 is a role that is missing or not yet effective.",
} as const;

/** Why a destination does not take telemetry, by the destination's name. */
const refused = new Map<string, string>();

/** Whether all telemetry arrives, as far as this instance knows. */
export function isTelemetryDelivered(): boolean {
  return refused.size === 0;
}

/**
 * Notes what became of an attempt to send telemetry, and says so once for each outage.
 * @param failure a status, a code or the class of an error; undefined if the destination took it
 * @param say gets the line for the log
 */
export function noteDelivery(destination: string, failure: string | undefined, say: (text: string) => void): void {
  const before = refused.get(destination);
  if (failure === undefined) {
    if (refused.delete(destination)) say(`telemetry: ${destination} accepts it again`);
    return;
  }
  refused.set(destination, failure);
  if (before === undefined) say(`telemetry: ${destination} accepts nothing (${failure})`);
}
