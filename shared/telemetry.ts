/** Event names are part of the interface to whoever operates the app. */
export type EventName =
  | "configuration_invalid"
  | "session_opened"
  | "signin_cleanup_failed"
  | "signout"
  | "signout_deferred"
  | "signout_abandoned"
  | "token_renewed"
  | "token_refused"
  | "sid_missing"
  | "login_hint_missing"
  | "request_failed";

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

/** Writes each event as one line of JSON, which Application Insights and people can both read. */
export function logTelemetry(log: Log): Telemetry {
  return {
    info: (event, attributes) => log.info(line(event, attributes)),
    warn: (event, attributes) => log.warn(line(event, attributes)),
    error: (event, attributes) => log.error(line(event, attributes)),
  };
}

function line(event: EventName, attributes: EventAttributes = {}): string {
  return JSON.stringify({ event, ...attributes });
}
