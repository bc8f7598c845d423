import { AsyncLocalStorage } from "node:async_hooks";
import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanOptions,
} from "@opentelemetry/api";
import { parseTraceParent, W3CTraceContextPropagator } from "@opentelemetry/core";
import type { DependencyCall, Ending, FunctionCall, Outcome, TraceFields } from "./activity-types.ts";

/** The name under which the app records; OpenTelemetry calls it the instrumentation scope. */
export const scopeName = "entra-functions-bff";

const tracer = trace.getTracer(scopeName);
const w3c = new W3CTraceContextPropagator();

/** What the running invocation has spent on the store so far. */
interface Expenses {
  requestUnits: number;
}

const expenses = new AsyncLocalStorage<Expenses>();

/**
 * Runs an invocation and adds up the request units that it spends on the store. Its span is the parent of everything that it
 * does, spans of the app's own code included.
 */
export async function runFunction<T>(
  { name, trigger, traceParent }: FunctionCall,
  work: () => Promise<T>,
  endingOf: (outcome: Outcome<T>) => Ending,
): Promise<T> {
  const parent = traceParent === undefined ? context.active() : arrivedWith(traceParent);
  const options = { kind: SpanKind.INTERNAL, attributes: { "faas.trigger": trigger } };
  return expenses.run({ requestUnits: 0 }, async () => inSpan(name, options, parent, work, endingOf));
}

/** Runs a request to another service, in a span. The caller's own client library must not make one, too. */
export async function dependency<T>(
  { name, attributes }: DependencyCall,
  work: () => Promise<T>,
  endingOf: (outcome: Outcome<T>) => Ending,
): Promise<T> {
  return inSpan(name, { kind: SpanKind.CLIENT, attributes }, context.active(), work, endingOf);
}

/**
 * Like {@link dependency}, for an HTTP request. Only method, host and status are recorded: paths and queries may be personal.
 * @param work gets the header fields that say where in the trace the request belongs
 */
export async function httpDependency<T extends { readonly status: number }>(
  method: string,
  url: URL | string,
  work: (trace: TraceFields) => Promise<T>,
): Promise<T> {
  const { host, hostname, port } = typeof url === "string" ? new URL(url) : url;
  const attributes = {
    "http.request.method": method,
    "server.address": hostname,
    ...(port && { "server.port": Number(port) }),
  };
  return dependency({ name: `${method} ${host}`, attributes }, async () => work(traceFields()), httpEnding);
}

function httpEnding(outcome: Outcome<{ readonly status: number }>): Ending {
  if ("error" in outcome) return { success: false, attributes: { "error.type": typeOf(outcome.error) } };
  const { status } = outcome.value;
  return { success: status < 400, attributes: { "http.response.status_code": status } };
}

async function inSpan<T>(
  name: string,
  options: SpanOptions,
  parent: Context,
  work: () => Promise<T>,
  endingOf: (outcome: Outcome<T>) => Ending,
): Promise<T> {
  const span = tracer.startSpan(name, options, parent);
  let value: T;
  try {
    value = await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    finish(span, endingOf({ error }));
    throw error;
  }
  finish(span, endingOf({ value }));
  return value;
}

function finish(span: Span, { success, attributes }: Ending): void {
  span.setAttributes(attributes);
  if (!success) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Code or class of an error, never its message, which may be personal. */
export function typeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code === "string") return code;
  return error instanceof Error ? error.name : "unknown";
}

/** What the running work passes on with its requests. */
function traceFields(): TraceFields {
  const fields: Record<string, string> = {};
  w3c.inject(context.active(), fields, { set: (_, name, value) => void (fields[name] = value) });
  return fields;
}

/** The span of the caller. Without a valid one, a new trace begins. */
function arrivedWith(traceParent: string): Context {
  const caller = parseTraceParent(traceParent);
  return caller === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...caller, isRemote: true });
}

/** Request units that the running invocation has spent so far; 0 outside of one. */
export function requestUnitsSoFar(): number {
  return expenses.getStore()?.requestUnits ?? 0;
}

export function addRequestUnits(units: number): void {
  const spent = expenses.getStore();
  if (spent) spent.requestUnits += units;
}
