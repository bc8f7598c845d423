import type { EventAttributes, EventName } from "./events.ts";

/** Every metric, with its unit. The names are part of the interface for operators. */
export const metrics = {
  "bff.sign_ins": "sessions opened",
  "bff.token_renewals": "access tokens renewed, by API",
  "bff.sign_outs": "sign-outs, by origin and outcome",
  "bff.sign_out.duration": "milliseconds, by origin and outcome",
  "bff.sign_out.sessions_removed": "sessions, by origin and outcome",
  "bff.sign_out.request_units": "request units, by origin and outcome",
  "bff.store.request_units": "request units, by operation",
  "bff.store.conflicts": "writes that came after somebody else's, by container",
  "bff.store.retries": "requests to the store that had to be repeated, by operation",
} as const;

export type MetricName = keyof typeof metrics;

export interface Measurement {
  readonly metric: MetricName;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What an event adds to the metrics. */
export function measurementsOf(event: EventName, attributes: EventAttributes): readonly Measurement[] {
  const of = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, String(attributes[name])]));
  if (event === "session_opened") return [{ metric: "bff.sign_ins", value: 1, dimensions: {} }];
  if (event === "token_renewed") return [{ metric: "bff.token_renewals", value: 1, dimensions: of(["api"]) }];
  return event === "signout" ? signOutMeasurements(attributes, of(["origin", "outcome"])) : [];
}

function signOutMeasurements(attributes: EventAttributes, dimensions: Measurement["dimensions"]): Measurement[] {
  const measured = {
    "bff.sign_outs": 1,
    "bff.sign_out.duration": attributes["durationMs"],
    "bff.sign_out.sessions_removed": attributes["sessionsRemoved"],
    "bff.sign_out.request_units": attributes["requestUnits"],
  } satisfies Partial<Record<MetricName, unknown>>;
  return Object.entries(measured).flatMap(([metric, value]) =>
    typeof value === "number" ? [{ metric: metric as MetricName, value, dimensions }] : [],
  );
}
