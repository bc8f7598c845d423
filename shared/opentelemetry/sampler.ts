import { createTraceState, trace } from "@opentelemetry/api";
import { SamplingDecision, type Sampler } from "@opentelemetry/sdk-trace-base";

/**
 * Keeps the spans of a share of the traces. The trace's id decides, so all instances keep the same traces. What the caller has
 * decided does not count: it may be any browser, and the share would no longer be the one that the spans carry.
 *
 * The share goes with each span, so that counts can be right: as `ot=th:…` in the trace state (OpenTelemetry's TraceState
 * Probability Sampling), and for Application Insights as an attribute.
 */
export function shareSampler(percentage: number): Sampler {
  const threshold = thresholdOf(percentage);
  const otel = threshold && `th:${threshold.replace(/0+$/, "") || "0"}`;
  const attributes = percentage < 100 ? { "microsoft.sample_rate": percentage } : {};
  return {
    shouldSample(context, traceId) {
      if (threshold === undefined || traceId.slice(-14) < threshold) return { decision: SamplingDecision.NOT_RECORD };
      const before = trace.getSpanContext(context)?.traceState ?? createTraceState();
      const traceState = otel ? before.set("ot", otel) : before;
      return { decision: SamplingDecision.RECORD_AND_SAMPLED, attributes, traceState };
    },
    toString: () => `ShareSampler{${percentage}}`,
  };
}

/** What the last 56 bits of a trace's id must at least be, in 14 hexadecimal digits; undefined: no trace is kept. */
function thresholdOf(percentage: number): string | undefined {
  if (percentage <= 0) return undefined;
  return (((100n - BigInt(percentage)) << 56n) / 100n).toString(16).padStart(14, "0");
}
