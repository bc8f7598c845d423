import type { Measurement } from "../telemetry/metrics.ts";
import type { Aggregate } from "./envelopes.ts";

export interface Aggregates {
  add(measurement: Measurement): void;
  /** Returns what was added since the last call. */
  take(): readonly Aggregate[];
}

/** Adds up measurements, in one aggregate for each metric and combination of dimensions. Those are few and bounded. */
export function aggregates(): Aggregates {
  let current = new Map<string, Aggregate>();
  return {
    add({ metric, value, dimensions }) {
      const key = [metric, ...Object.values(dimensions)].join(" ");
      const { sum = 0, count = 0, min = value, max = value } = current.get(key) ?? {};
      current.set(key, {
        name: metric,
        dimensions,
        sum: sum + value,
        count: count + 1,
        min: Math.min(min, value),
        max: Math.max(max, value),
      });
    },
    take() {
      const taken = [...current.values()];
      current = new Map();
      return taken;
    },
  };
}
