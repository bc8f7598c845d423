import { currentTrace } from "./activity.ts";
import { recording, type Level } from "./recorder.ts";

/** Event names are part of the interface to whoever operates the app. */
export type EventName =
  | "configuration_invalid"
  | "session_opened"
  | "signin_cleanup_failed"
  | "signout"
  | "signout_deferred"
  | "signout_not_queued"
  | "signout_abandoned"
  | "signout_unreadable"
  | "signout_queue_unavailable"
  | "token_renewed"
  | "token_refused"
  | "token_of_other_account"
  | "scope_missing"
  | "sid_missing"
  | "login_hint_missing"
  | "request_failed"
  | "request_refused";

/** Never a token, a cookie, a name or another personal value: counts, codes, outcomes and durations only. */
export type EventAttributes = Readonly<Record<string, string | number | boolean>>;

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
