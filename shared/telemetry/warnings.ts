import type { EventAttributes, EventName } from "./events.ts";
import type { Telemetry } from "./log.ts";

/** Something that an operator should know, although the app works. `/readyz` shows it. */
export type Warning = Extract<EventName, "scope_missing" | "sid_missing" | "login_hint_missing">;

export const warningTexts: Readonly<Record<Warning, string>> = {
  scope_missing:
    "The identity provider granted fewer scopes than DownstreamApis__<name>__Scopes asks for; calls go on with what there is. " +
    "The event scope_missing in the log names API and scope: add it to the app registration, and have it consented to.",
  sid_missing:
    "A sign-in brought neither a sid claim nor session_state: a sign-out begun elsewhere cannot reach these sessions. " +
    "Add the optional claim sid to the ID tokens of the app registration.",
  login_hint_missing:
    "A sign-in brought no login_hint claim: people are asked which account to sign out. " +
    "Add the optional claim login_hint to the ID tokens of the app registration.",
};

/** The warnings since the process started. Each is logged once, however many people it affects. */
export interface Warnings {
  /** Logs a warning unless it was given before, with the same attributes. */
  once(warning: Warning, telemetry: Telemetry, attributes?: EventAttributes): void;
  /** The warnings so far. */
  readonly given: readonly Warning[];
}

export function warningsSinceStart(): Warnings {
  const told = new Map<string, Warning>();
  return {
    once(warning, telemetry, attributes = {}) {
      const key = JSON.stringify([warning, attributes]);
      if (told.has(key)) return;
      told.set(key, warning);
      telemetry.warn(warning, attributes);
    },
    get given() {
      return [...new Set(told.values())];
    },
  };
}
