import { ExportResultCode } from "@opentelemetry/core";
import { typeOf } from "../telemetry/activity.ts";
import { withExport, type Exporters, type Note, type Sending } from "./exporters.ts";

/** OpenTelemetry's exporters, by http/protobuf. They read `OTEL_EXPORTER_OTLP_…` themselves. */
export async function otlpExporters(note: Note): Promise<Exporters> {
  const { OTLPTraceExporter, OTLPLogExporter, OTLPMetricExporter } = await import("./packages/otlp.ts");
  return {
    spans: watched(new OTLPTraceExporter(), note),
    logs: watched(new OTLPLogExporter(), note),
    metrics: watched(new OTLPMetricExporter(), note),
  };
}

function watched<E extends Sending>(exporter: E, note: Note): E {
  return withExport(exporter, (items, done) =>
    exporter.export(items as never, (result) => {
      note(result.code === ExportResultCode.SUCCESS ? undefined : reasonOf(result.error));
      done(result);
    }),
  );
}

/** The status of an answer is the code of OTLP's errors. */
function reasonOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === "number" ? String(code) : typeOf(error);
}
