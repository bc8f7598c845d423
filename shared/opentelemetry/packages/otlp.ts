/* A file of its own in the build, loaded after the first answer: packages only, no code of this project. */
export { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
export { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
export { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
