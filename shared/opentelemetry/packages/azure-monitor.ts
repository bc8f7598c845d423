/* A file of its own in the build, loaded after the first answer: packages only, no code of this project. */
export {
  AzureMonitorLogExporter,
  AzureMonitorMetricExporter,
  AzureMonitorTraceExporter,
} from "@azure/monitor-opentelemetry-exporter";
