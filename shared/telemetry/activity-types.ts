import type { Attributes } from "@opentelemetry/api";

/** An invocation of a function, as it begins. */
export interface FunctionCall {
  readonly name: string;
  readonly trigger: "http" | "queue" | "timer" | "other";
  /** `traceparent` that the host sends with the invocation. If undefined, the call belongs to what runs now, if anything. */
  readonly traceParent: string | undefined;
}

/** A request to another service, as it begins. */
export interface DependencyCall {
  readonly name: string;
  /** By the names of OpenTelemetry's semantic conventions. Never a path, a query or personal data. */
  readonly attributes: Attributes;
}

/** How a piece of work ended. */
export interface Ending {
  readonly success: boolean;
  readonly attributes: Attributes;
}

/** The result of a piece of work, or its error. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Header fields that tell the receiver of a request where in a trace it belongs (W3C Trace Context section 3). */
export type TraceFields = Readonly<Partial<Record<"traceparent" | "tracestate", string>>>;
