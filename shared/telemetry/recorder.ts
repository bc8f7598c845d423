import type { EventAttributes, EventName } from "./events.ts";
import type { MetricName } from "./metrics.ts";

export type Level = "info" | "warn" | "error";

/** The place of a span or an event in a distributed trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span that it happened in. */
  readonly spanId: string;
  /** Whether the spans of this trace are kept. */
  readonly sampled: boolean;
}

/** A piece of work that has ended: an invocation of a function, or a request to another service. */
export interface Span {
  readonly kind: "function" | "dependency";
  readonly name: string;
  readonly trace: TraceContext;
  readonly parentSpanId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly success: boolean;
  /** Status of the answer, or the code of the error. */
  readonly resultCode: string;
  /** The kind of service, for example `azure.cosmosdb`. */
  readonly type: string;
  /** The host or the container, never a path. */
  readonly target?: string | undefined;
  readonly attributes?: EventAttributes | undefined;
}

/** An invocation of a function, as it begins. */
export interface FunctionCall {
  readonly name: string;
  readonly trigger: "http" | "queue" | "timer" | "other";
  /** `traceparent` that the host sends with the invocation. */
  readonly traceParent: string | undefined;
}

/** A request to another service, as it begins. */
export interface DependencyCall {
  readonly type: string;
  readonly name: string;
  readonly target: string;
}

/** How a span ended. */
export interface Ending {
  readonly success: boolean;
  readonly resultCode: string;
  readonly attributes?: EventAttributes;
}

/** The result of a piece of work, or its error. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Records telemetry that is sent elsewhere besides being logged. No method throws, and only `flush` waits. Nothing passed to it
 * may hold a token, a cookie, a `sid`, a URL's path or personal data.
 */
export interface Recorder {
  /** Percentage of the traces that arrive sampled whose spans are kept. */
  readonly sampledPercentage: number;
  span(span: Span): void;
  event(name: EventName, level: Level, attributes: EventAttributes, trace: TraceContext | undefined): void;
  message(level: Level, text: string, trace: TraceContext | undefined): void;
  measure(metric: MetricName, value: number, dimensions: Readonly<Record<string, string>>): void;
  /** Sends what has not been sent yet, for a few seconds at most. Never rejects. */
  flush(): Promise<void>;
}
