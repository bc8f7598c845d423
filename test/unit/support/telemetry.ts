import { context, metrics, SpanStatusCode, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { shareSampler } from "../../../shared/opentelemetry/sampler.ts";

/** What a test's process records, with OpenTelemetry's SDK. Registered once for all tests of a file. */
export interface Recorded {
  spans(): readonly ReadableSpan[];
  logs: InMemoryLogRecordExporter;
  /** Lines such as "bff.store.conflicts 1 things", with the sum of the values. */
  measured(): Promise<readonly string[]>;
  reset(): void;
}

export function recordTelemetry(sampledPercentage = 100): Recorded {
  const spans = new InMemorySpanExporter();
  const records = new InMemoryLogRecordExporter();
  const measurements = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter: measurements, exportIntervalMillis: 2 ** 30 });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const sampler = shareSampler(sampledPercentage);
  trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(spans)] }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const processors = [new SimpleLogRecordProcessor({ exporter: records })];
  logs.setGlobalLoggerProvider(new LoggerProvider({ processors }));
  return {
    spans: () => spans.getFinishedSpans(),
    logs: records,
    async measured() {
      await reader.forceFlush();
      const all = measurements.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((one) => one.metrics));
      measurements.reset();
      return all.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ value, attributes }) => {
          const sum = typeof value === "number" ? value : (value as { sum?: number }).sum;
          return [descriptor.name, sum, ...Object.values(attributes)].join(" ");
        }),
      );
    },
    reset() {
      spans.reset();
      records.reset();
    },
  };
}

export function failed({ status }: ReadableSpan): boolean {
  return status.code === SpanStatusCode.ERROR;
}
