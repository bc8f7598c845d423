import { metrics as api, type Counter, type Histogram } from "@opentelemetry/api";
import { scopeName } from "./activity.ts";
import type { EventAttributes, EventName } from "./events.ts";
import { record } from "./held.ts";

/** Every metric: a histogram where single values matter, a counter where only their sum does. The names are part of the interface for operators. */
export const metrics = {
  "bff.sign_ins": { kind: "counter", description: "sessions opened" },
  "bff.token_renewals": { kind: "counter", description: "access tokens renewed, by API" },
  "bff.sign_outs": { kind: "counter", description: "sign-outs, by origin and outcome" },
  "bff.sign_out.duration": { kind: "histogram", unit: "ms", description: "by origin and outcome" },
  "bff.sign_out.sessions_removed": { kind: "histogram", description: "sessions, by origin and outcome" },
  "bff.sign_out.request_units": { kind: "histogram", description: "request units, by origin and outcome" },
  "bff.store.request_units": { kind: "histogram", description: "request units, by operation" },
  "bff.store.conflicts": { kind: "counter", description: "writes that came after somebody else's, by container" },
  "bff.store.retries": { kind: "counter", description: "requests to the store that had to be repeated, by operation" },
} as const;

export type MetricName = keyof typeof metrics;

type Dimensions = Readonly<Record<string, string>>;
type Measure = (value: number, dimensions: Dimensions) => void;

const instruments = new Map<MetricName, Measure>();

export function measure(metric: MetricName, value: number, dimensions: Dimensions): void {
  record(() => {
    const known = instruments.get(metric) ?? instrument(metric);
    instruments.set(metric, known);
    known(value, dimensions);
  });
}

/** Made when it is first needed: one that is made before there is a meter provider measures nothing, for good. */
function instrument(metric: MetricName): Measure {
  const meter = api.getMeter(scopeName);
  const { kind, ...options } = metrics[metric];
  if (kind === "counter") {
    const counter: Counter = meter.createCounter(metric, options);
    return (value, dimensions) => counter.add(value, dimensions);
  }
  const histogram: Histogram = meter.createHistogram(metric, options);
  return (value, dimensions) => histogram.record(value, dimensions);
}

/** Measures what an event says. */
export function measureEvent(event: EventName, attributes: EventAttributes): void {
  const of = (...names: string[]) => Object.fromEntries(names.map((name) => [name, String(attributes[name])]));
  if (event === "session_opened") measure("bff.sign_ins", 1, {});
  if (event === "token_renewed") measure("bff.token_renewals", 1, of("api"));
  if (event === "signout") measureSignOut(attributes, of("origin", "outcome"));
}

function measureSignOut(attributes: EventAttributes, dimensions: Dimensions): void {
  const measured = {
    "bff.sign_outs": 1,
    "bff.sign_out.duration": attributes["durationMs"],
    "bff.sign_out.sessions_removed": attributes["sessionsRemoved"],
    "bff.sign_out.request_units": attributes["requestUnits"],
  } satisfies Partial<Record<MetricName, unknown>>;
  for (const [metric, value] of Object.entries(measured)) {
    if (typeof value === "number") measure(metric as MetricName, value, dimensions);
  }
}
