import { currentTrace, recording } from "./activity.ts";
import type { EventAttributes, EventName } from "./events.ts";
import type { Level } from "./recorder.ts";

export interface Telemetry {
  info(event: EventName, attributes?: EventAttributes): void;
  warn(event: EventName, attributes?: EventAttributes): void;
  error(event: EventName, attributes?: EventAttributes): void;
}

/** The levels of an invocation's log. */
export interface Log {
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
}

/** Writes each event as one line of JSON to the log, and records it where there is a recorder. */
export function logTelemetry(log: Log): Telemetry {
  const at = (level: Level) => (event: EventName, attributes?: EventAttributes) => {
    log[level](line(event, attributes));
    recording()?.event(event, level, attributes ?? {}, currentTrace());
  };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** Writes what an operator needs to find the fault: no more than that, see {@link EventAttributes}. */
export function logFailure(log: Log, text: string): void {
  log.error(text);
  recording()?.message("error", text, currentTrace());
}

function line(event: EventName, attributes: EventAttributes = {}): string {
  return JSON.stringify({ event, ...attributes });
}
