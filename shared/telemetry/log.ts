import { currentTrace, currentRecorder } from "./activity.ts";
import type { EventAttributes, EventName } from "./events.ts";
import type { Level } from "./recorder.ts";

export interface Telemetry {
  info(event: EventName, attributes?: EventAttributes): void;
  warn(event: EventName, attributes?: EventAttributes): void;
  error(event: EventName, attributes?: EventAttributes): void;
}

/** The log of an invocation. */
export interface Log {
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/** The log outside of an invocation: the host logs what the process writes. */
export const processLog: Log = {
  info: (...values) => void process.stdout.write(`${values.join(" ")}\n`),
  warn: (...values) => void process.stdout.write(`${values.join(" ")}\n`),
  error: (...values) => void process.stderr.write(`${values.join(" ")}\n`),
};

/** Logs each event as one line of JSON, and passes it to the recorder, if there is one. */
export function logTelemetry(log: Log): Telemetry {
  const at = (level: Level) => (event: EventName, attributes?: EventAttributes) => {
    log[level](line(event, attributes));
    currentRecorder()?.event(event, level, attributes ?? {}, currentTrace());
  };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** Logs a failure. `text` says what an operator needs to find the fault, within the limits of {@link EventAttributes}. */
export function logFailure(log: Log, text: string): void {
  log.error(text);
  currentRecorder()?.message("error", text, currentTrace());
}

function line(event: EventName, attributes: EventAttributes = {}): string {
  return JSON.stringify({ event, ...attributes });
}
