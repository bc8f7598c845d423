import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { MetricName } from "./metrics.ts";
import type { DependencyCall, Ending, FunctionCall, Outcome, Recorder, Span, TraceContext } from "./recorder.ts";

let recorder: Recorder | undefined;

/** The recorder of this process; undefined if telemetry is only logged. */
export function currentRecorder(): Recorder | undefined {
  return recorder;
}

export function setRecorder(next: Recorder | undefined): void {
  recorder = next;
}

/** The state of the running invocation. */
interface Activity {
  readonly trace: TraceContext | undefined;
  /** Those spent on the store so far. */
  requestUnits: number;
}

const activities = new AsyncLocalStorage<Activity>();

/**
 * Runs an invocation and adds up the request units that it spends on the store. If there is a recorder, the invocation becomes
 * the parent span of everything that it does.
 */
export async function runFunction<T>(
  { name, trigger, traceParent }: FunctionCall,
  work: () => Promise<T>,
  endingOf: (outcome: Outcome<T>) => Ending,
): Promise<T> {
  const parent = recorder && withSampling(parseTraceParent(traceParent), recorder.sampledPercentage);
  const trace = parent && { ...parent, spanId: newSpanId() };
  const call = { kind: "function", type: "InProc", name, attributes: { "faas.trigger": trigger } } as const;
  return activities.run({ trace, requestUnits: 0 }, async () =>
    asSpan({ ...call, trace, parentSpanId: parent?.spanId }, work, endingOf),
  );
}

/**
 * Runs a request to another service and records it as a span.
 * @param work gets the request's trace context, if the invocation has one
 */
export async function dependency<T>(
  call: DependencyCall,
  work: (trace?: TraceContext) => Promise<T>,
  endingOf: (outcome: Outcome<T>) => Ending,
): Promise<T> {
  const inside = activities.getStore()?.trace;
  const trace = inside && { ...inside, spanId: newSpanId() };
  const begun = { ...call, kind: "dependency", trace, parentSpanId: inside?.spanId } as const;
  return asSpan(begun, async () => work(trace), endingOf);
}

/**
 * Like {@link dependency}, for an HTTP request. Only method, host and status are recorded: paths and queries may be personal.
 * @param work gets the `traceparent` to send (W3C Trace Context section 3.2), if the request is recorded
 */
export async function httpDependency<T extends { readonly status: number }>(
  method: string,
  url: URL | string,
  work: (traceparent?: string) => Promise<T>,
): Promise<T> {
  if (!currentTrace()?.sampled) return work();
  const { host } = new URL(url);
  const request = async (trace?: TraceContext) => work(trace && `00-${trace.traceId}-${trace.spanId}-01`);
  return dependency({ type: "Http", name: `${method} ${host}`, target: host }, request, (outcome) => {
    if ("error" in outcome) return { success: false, resultCode: "0" };
    return { success: outcome.value.status < 400, resultCode: String(outcome.value.status) };
  });
}

type Begun = Omit<Span, "trace" | "startedAt" | "durationMs" | "success" | "resultCode"> & {
  readonly trace: TraceContext | undefined;
};

async function asSpan<T>(begun: Begun, work: () => Promise<T>, endingOf: (outcome: Outcome<T>) => Ending): Promise<T> {
  const startedAt = Date.now();
  const start = performance.now();
  const end = (outcome: Outcome<T>) => {
    const { success, resultCode, attributes } = endingOf(outcome);
    const { trace } = begun;
    if (!trace?.sampled) return;
    const durationMs = performance.now() - start;
    const all = { ...begun.attributes, ...attributes };
    recorder?.span({ ...begun, trace, startedAt, durationMs, success, resultCode, attributes: all });
  };
  let value: T;
  try {
    value = await work();
  } catch (error) {
    end({ error });
    throw error;
  }
  end({ value });
  return value;
}

/** The trace that the running invocation belongs to. */
export function currentTrace(): TraceContext | undefined {
  return activities.getStore()?.trace;
}

/** Request units that the running invocation has spent so far; 0 outside of one. */
export function requestUnitsSoFar(): number {
  return activities.getStore()?.requestUnits ?? 0;
}

export function addRequestUnits(units: number): void {
  const activity = activities.getStore();
  if (activity) activity.requestUnits += units;
}

export function count(metric: MetricName, dimensions: Readonly<Record<string, string>>): void {
  recorder?.measure(metric, 1, dimensions);
}

/** Parses `traceparent` (W3C Trace Context section 3.2). Without a valid one, a new trace begins, marked as sampled. */
function parseTraceParent(text: string | undefined): TraceContext {
  const [, traceId, spanId, flags] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(text ?? "") ?? [];
  if (!traceId || !spanId || !flags) return { traceId: randomBytes(16).toString("hex"), spanId: "", sampled: true };
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/**
 * The trace, left sampled only if its id falls into the share that is kept. The id's last 52 bits decide, which are random (W3C
 * Trace Context Level 2, section 3.2.2.3), so every instance keeps the same traces.
 */
function withSampling(trace: TraceContext, percentage: number): TraceContext {
  const position = Number.parseInt(trace.traceId.slice(-13), 16) / 2 ** 52;
  return { ...trace, sampled: trace.sampled && position >= 1 - percentage / 100 };
}

function newSpanId(): string {
  return randomBytes(8).toString("hex");
}
