import type { ExportResult } from "@opentelemetry/core";
import type { LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";

/** What sends to one destination. */
export interface Exporters {
  readonly spans: SpanExporter;
  readonly logs: LogRecordExporter;
  readonly metrics: PushMetricExporter;
}

/** Gets to know each attempt: what failed, or undefined if the destination took it. */
export type Note = (failure: string | undefined) => void;

type Done = (result: ExportResult) => void;

export interface Sending {
  export(items: never, done: Done): void;
}

type ItemsOf<E extends Sending> = Parameters<E["export"]>[0];

/** The exporter, with `send` in the place of its method `export`. */
export function withExport<E extends Sending>(exporter: E, send: (items: ItemsOf<E>, done: Done) => void): E {
  return Object.create(exporter, { export: { value: send } }) as E;
}
