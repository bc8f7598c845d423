/* A file of its own in the build, loaded after the first answer: packages only, no code of this project. */
export { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
export { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
export { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
