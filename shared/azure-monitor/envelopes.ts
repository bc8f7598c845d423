import type { EventAttributes } from "../telemetry/events.ts";
import type { Level, Span, TraceContext } from "../telemetry/recorder.ts";

/** One item of telemetry, as the ingestion endpoint of Application Insights takes it (its schema, version 2). */
export interface Envelope {
  readonly ver: 1;
  readonly name: string;
  readonly time: string;
  /** In percent: an item stands for 100 divided by this number. */
  readonly sampleRate: number;
  readonly iKey: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly data: { readonly baseType: string; readonly baseData: object };
}

/** What all envelopes have in common. */
export interface Source {
  readonly instrumentationKey: string;
  /** The names of the app and of this instance. */
  readonly role: string;
  readonly roleInstance: string;
}

export interface Aggregate {
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly sum: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

/**
 * Every span becomes a dependency, also that of a function (with the type `InProc`): the request that it belongs to is recorded
 * by the Functions host.
 */
export function spanEnvelope(source: Source, span: Span, sampleRate: number): Envelope {
  const { name, trace, parentSpanId, startedAt, durationMs, success, resultCode, type, target, attributes } = span;
  const baseData = {
    ver: 2,
    name,
    id: trace.spanId,
    duration: timeSpan(durationMs),
    success,
    resultCode,
    type,
    ...(target !== undefined && { target }),
    ...split(attributes),
  };
  const parent = parentSpanId ? { ...trace, spanId: parentSpanId } : { ...trace, spanId: "" };
  const sent = envelope(source, "RemoteDependency", "RemoteDependencyData", baseData, parent, new Date(startedAt));
  return { ...sent, sampleRate };
}

export function eventEnvelope(
  source: Source,
  name: string,
  attributes: EventAttributes,
  trace: TraceContext | undefined,
): Envelope {
  return envelope(source, "Event", "EventData", { ver: 2, name, ...split(attributes) }, trace);
}

const severities: Readonly<Record<Level, string>> = { info: "Information", warn: "Warning", error: "Error" };
const maxMessageLength = 32_768;

export function messageEnvelope(source: Source, level: Level, text: string, trace: TraceContext | undefined): Envelope {
  const message = text.slice(0, maxMessageLength);
  const baseData = { ver: 2, message, severityLevel: severities[level], ...split() };
  return envelope(source, "Message", "MessageData", baseData, trace);
}

export function metricEnvelope(source: Source, { name, dimensions, sum, count, min, max }: Aggregate): Envelope {
  const metrics = [{ name, kind: "Aggregation", value: sum, count, min, max }];
  return envelope(source, "Metric", "MetricData", { ver: 2, metrics, properties: dimensions }, undefined);
}

function envelope(
  { instrumentationKey, role, roleInstance }: Source,
  kind: string,
  baseType: string,
  baseData: object,
  trace: TraceContext | undefined,
  time = new Date(),
): Envelope {
  const tags = {
    "ai.cloud.role": role,
    "ai.cloud.roleInstance": roleInstance,
    ...(trace && { "ai.operation.id": trace.traceId }),
    ...(trace?.spanId && { "ai.operation.parentId": trace.spanId }),
  };
  return {
    ver: 1,
    name: `Microsoft.ApplicationInsights.${kind}`,
    time: time.toISOString(),
    sampleRate: 100,
    iKey: instrumentationKey,
    tags,
    data: { baseType, baseData },
  };
}

/** Numbers become measurements: only those can be summed up and averaged. */
function split(attributes: EventAttributes = {}): {
  properties: Record<string, string>;
  measurements: Record<string, number>;
} {
  const properties: Record<string, string> = {};
  const measurements: Record<string, number> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "number") measurements[name] = value;
    else properties[name] = String(value);
  }
  return { properties, measurements };
}

/** `[d.]hh:mm:ss.fff` */
function timeSpan(milliseconds: number): string {
  const total = Math.max(0, Math.round(milliseconds));
  const days = Math.floor(total / 86_400_000);
  const rest = new Date(total % 86_400_000).toISOString().slice(11, 23);
  return days > 0 ? `${days}.${rest}` : rest;
}
