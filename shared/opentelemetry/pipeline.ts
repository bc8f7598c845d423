import { metrics } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import { noteDelivery } from "../telemetry/delivery.ts";
import { releaseRecords } from "../telemetry/held.ts";
import type { Destinations } from "./destinations.ts";
import { azureMonitorExporters } from "./azure-monitor.ts";
import type { Exporters, Note } from "./exporters.ts";
import { otlpExporters } from "./otlp.ts";
import type { Tracing } from "./tracing.ts";

/** Telemetry on its way. */
export interface Pipeline {
  /** Sends what has not been sent yet. */
  flush(): Promise<void>;
}

/**
 * Loads the exporters, and passes on to them what was held until now, and then everything.
 * @param say gets what the log should have about the destinations
 */
export async function openPipeline(
  destinations: Destinations,
  { spans, resource }: Tracing,
  say: (text: string) => void,
): Promise<Pipeline> {
  const [sdk, exporters] = await Promise.all([import("./packages/sdk.ts"), exportersOf(destinations, say)]);
  const processors = exporters.map(({ logs: exporter }) => new sdk.BatchLogRecordProcessor({ exporter }));
  const readers = exporters.map(({ metrics: exporter }) => new sdk.PeriodicExportingMetricReader({ exporter }));
  const loggers = new sdk.LoggerProvider({ resource, processors });
  const meters = new sdk.MeterProvider({ resource, readers });
  logs.setGlobalLoggerProvider(loggers);
  metrics.setGlobalMeterProvider(meters);
  spans.passTo(exporters.map(({ spans: exporter }) => new sdk.BatchSpanProcessor(exporter)));
  releaseRecords();
  return {
    async flush() {
      const flushed = await Promise.allSettled([spans.forceFlush(), loggers.forceFlush(), meters.forceFlush()]);
      const failure = flushed.find(({ status }) => status === "rejected");
      if (failure?.status === "rejected") throw failure.reason;
    },
  };
}

async function exportersOf(
  { azureMonitor, otlp }: Destinations,
  say: (text: string) => void,
): Promise<readonly Exporters[]> {
  const noting =
    (destination: string): Note =>
    (failure) =>
      noteDelivery(destination, failure, say);
  return Promise.all([
    ...(azureMonitor ? [azureMonitorExporters(azureMonitor, noting("Application Insights"))] : []),
    ...(otlp ? [otlpExporters(noting("the OTLP endpoint"))] : []),
  ]);
}
