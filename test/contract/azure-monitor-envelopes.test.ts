import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { describe, it, mock } from "node:test";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes } from "@opentelemetry/api";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import {
  eventEnvelope,
  messageEnvelope,
  metricEnvelope,
  spanEnvelope,
  type Envelope,
} from "../../shared/azure-monitor/envelopes.ts";
import type { Span } from "../../shared/telemetry/recorder.ts";
import { instrumentationKey, type Item, type ItemData } from "../support/ingestion.ts";

/** Read when the module is loaded. With it, the exporter tells Microsoft nothing about itself. */
process.env["APPLICATION_INSIGHTS_NO_STATSBEAT"] = "1";
const exporter = await import("@azure/monitor-opentelemetry-exporter");

type Options = NonNullable<ConstructorParameters<typeof exporter.AzureMonitorTraceExporter>[0]>;

/** Every item that Microsoft's exporter would have posted. */
const posted: Item[] = [];

const options: Options = {
  connectionString: `InstrumentationKey=${instrumentationKey};IngestionEndpoint=https://ingestion.example/`,
  disableOfflineStorage: true,
  httpClient: {
    async sendRequest(request) {
      const body = Buffer.from(request.body as Uint8Array);
      const isPacked = request.headers.get("content-encoding") === "gzip";
      posted.push(...(JSON.parse((isPacked ? gunzipSync(body) : body).toString()) as Item[]));
      const bodyAsText = JSON.stringify({ itemsReceived: 1, itemsAccepted: 1, errors: [] });
      return { request, status: 200, headers: request.headers, bodyAsText };
    },
  },
};

// Some seconds from now it would ask Microsoft how to behave, for which it has no setting: that timer never fires.
mock.timers.enable({ apis: ["setTimeout"] });
const spans = new exporter.AzureMonitorTraceExporter(options);
const logs = new exporter.AzureMonitorLogExporter(options);
const measured = new exporter.AzureMonitorMetricExporter(options);
mock.timers.reset();

const source = { instrumentationKey, role: "app", roleInstance: "1" };
const within = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true };
const context = trace.setSpanContext(ROOT_CONTEXT, { ...within, traceFlags: TraceFlags.SAMPLED });
const startedAt = new Date("2026-01-02T03:04:05.678Z");

/** What both must agree on: all but the names of app, instance and exporter. */
function essence({ tags, ...item }: Item | Envelope): object {
  const shared = Object.entries(tags).filter(([name]) => name.startsWith("ai.operation."));
  return { ...item, tags: Object.fromEntries(shared) };
}

/** The item that the exporter makes of what `record` records. */
async function theirs(baseType: string, record: () => Promise<void>): Promise<Item> {
  posted.splice(0);
  await record();
  const isMeant = ({ data }: Item) =>
    data.baseType === baseType && data.baseData.metrics?.[0]?.name !== "_OTELRESOURCE_";
  return posted.find(isMeant) ?? assert.fail(`Nothing of the type ${baseType}`);
}

/** `SEVERITY_NUMBER_ERROR` of OpenTelemetry's log data model. */
const errorSeverity = 17;

const durations: readonly [name: string, ms: number][] = [
  ["0 ms", 0],
  ["an hour and more", 3_723_045],
  ["a day and more", 90_123_456],
];

async function spanOf(
  kind: SpanKind,
  attributes: Attributes,
  durationMs: number,
  failed = false,
): Promise<{ id: string; item: Item }> {
  let id = "";
  const item = await theirs("RemoteDependencyData", async () => {
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    const span = provider.getTracer("test").startSpan("work", { kind, startTime: startedAt, attributes }, context);
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(new Date(startedAt.getTime() + durationMs));
    ({ spanId: id } = span.spanContext());
    await provider.forceFlush();
  });
  return { id, item };
}

function ours(id: string, span: Pick<Span, "type" | "target" | "resultCode" | "durationMs" | "name">): Envelope {
  const parts = { kind: "dependency", trace: { ...within, spanId: id }, parentSpanId: within.spanId } as const;
  const whole = { ...parts, startedAt: startedAt.getTime(), success: span.resultCode !== "500", ...span };
  return spanEnvelope(source, whole, 100);
}

async function logged(baseType: string, record: object): Promise<Item> {
  return theirs(baseType, async () => {
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logs })] });
    provider.getLogger("test").emit({ context, ...record });
    await provider.forceFlush();
  });
}

describe("telemetry has the form that Microsoft's own exporter gives it:", () => {
  for (const [name, durationMs] of durations) {
    it(`a function's span of ${name}`, async () => {
      const { id, item } = await spanOf(SpanKind.INTERNAL, {}, durationMs);
      const span = { name: "work", type: "InProc", target: undefined, resultCode: "0", durationMs };
      assert.deepEqual(essence(ours(id, span)), essence(item));
    });
  }

  it("a request to the store", async () => {
    const attributes = { "db.system.name": "azure.cosmosdb", "db.namespace": "accounts" };
    const { id, item } = await spanOf(SpanKind.CLIENT, attributes, 12);
    const span = { name: "work", type: "azure.cosmosdb", target: "accounts", resultCode: "0", durationMs: 12 };
    assert.deepEqual(essence(ours(id, span)), essence(item));
  });

  it("a request by HTTP that failed, but for the path, which ours does not tell", async () => {
    const attributes = {
      "http.request.method": "POST",
      "url.full": "https://login.example/token",
      "server.address": "login.example",
      "http.response.status_code": 500,
    };
    const { id, item } = await spanOf(SpanKind.CLIENT, attributes, 12, true);
    const span = {
      name: "POST login.example",
      type: "Http",
      target: "login.example",
      resultCode: "500",
      durationMs: 12,
    };
    const { data: path, name: nameWithPath, ...rest } = item.data.baseData as ItemData & { data: string };
    assert.deepEqual([path, nameWithPath], ["https://login.example/token", "POST /token"]);
    const without = { ...item, data: { ...item.data, baseData: { ...rest, name: span.name } as ItemData } };
    assert.deepEqual(essence(ours(id, span)), essence(without));
  });

  it("an event", async () => {
    const attributes = { "microsoft.custom_event.name": "signout", origin: "app", late: false };
    const item = await logged("EventData", { attributes });
    const envelope = eventEnvelope(source, "signout", { origin: "app", late: false }, within);
    assert.deepEqual(essence({ ...envelope, time: item.time }), essence(item));
  });

  it("a message", async () => {
    const item = await logged("MessageData", { body: "ProblemError", severityNumber: errorSeverity });
    const envelope = messageEnvelope(source, "error", "ProblemError", within);
    assert.deepEqual(essence({ ...envelope, time: item.time }), essence(item));
  });

  it("a metric", async () => {
    const item = await theirs("MetricData", async () => {
      const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 2 ** 30 });
      const provider = new MeterProvider({ readers: [reader] });
      const histogram = provider.getMeter("test").createHistogram("bff.sign_out.duration");
      for (const value of [3, 5]) histogram.record(value, { origin: "app" });
      await provider.shutdown();
    });
    const aggregate = {
      name: "bff.sign_out.duration",
      dimensions: { origin: "app" },
      sum: 8,
      count: 2,
      min: 3,
      max: 5,
    };
    assert.deepEqual(essence({ ...metricEnvelope(source, aggregate), time: item.time }), essence(item));
  });
});
