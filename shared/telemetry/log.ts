import { context } from "@opentelemetry/api";
import { logs, SeverityNumber, type LogRecord } from "@opentelemetry/api-logs";
import { scopeName } from "./activity.ts";
import type { EventAttributes, EventName } from "./events.ts";
import { record } from "./held.ts";
import { measureEvent } from "./metrics.ts";

type Level = "info" | "warn" | "error";

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

/** Logs each event as one line of JSON, and records it. */
export function logTelemetry(log: Log): Telemetry {
  const at =
    (level: Level) =>
    (event: EventName, attributes: EventAttributes = {}) => {
      log[level](JSON.stringify({ event, ...attributes }));
      recordEvent(event, level, attributes);
    };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

const severities = { info: SeverityNumber.INFO, warn: SeverityNumber.WARN, error: SeverityNumber.ERROR } as const;

/** Records an event, and the metrics that it counts in. */
export function recordEvent(event: EventName, level: Level, attributes: EventAttributes): void {
  emit({ eventName: event, severityNumber: severities[level], attributes: { level, ...attributes } });
  measureEvent(event, attributes);
}

/** A failure, without its message. */
export interface Failure {
  /** Class of the error. */
  readonly type: string;
  /** What an operator needs to find the fault, within the limits of {@link EventAttributes}; the first line sums it up. */
  readonly text: string;
}

/** Logs a failure, and records it as an exception. */
export function logFailure(log: Log, { type, text }: Failure): void {
  log.error(text);
  const [summary = ""] = text.split("\n");
  const attributes = { "exception.type": type, "exception.message": summary, "exception.stacktrace": text };
  emit({ severityNumber: SeverityNumber.ERROR, body: summary, attributes });
}

function emit(entry: LogRecord): void {
  const complete = { ...entry, timestamp: Date.now(), context: context.active() };
  record(() => logs.getLogger(scopeName).emit(complete));
}
