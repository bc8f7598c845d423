import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { ROOT_CONTEXT, trace, TraceFlags } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { shareSampler } from "../../shared/opentelemetry/sampler.ts";

/** The ids of the traces that an instance keeps, and what a kept span carries. */
function kept(percentage: number, ids: readonly string[], traceFlags = TraceFlags.SAMPLED) {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor(exporter);
  const provider = new BasicTracerProvider({ sampler: shareSampler(percentage), spanProcessors: [processor] });
  for (const traceId of ids) {
    const caller = { traceId, spanId: "00f067aa0ba902b7", traceFlags, isRemote: true };
    provider.getTracer("test").startSpan("api", {}, trace.setSpanContext(ROOT_CONTEXT, caller)).end();
  }
  const spans = exporter.getFinishedSpans();
  return { traces: spans.map((span) => span.spanContext().traceId), span: spans[0] };
}

describe("of a thousand traces", () => {
  const ids = Array.from({ length: 1_000 }, () => randomBytes(16).toString("hex"));

  for (const [percentage, least, most] of [
    [100, 1_000, 1_000],
    [25, 150, 350],
    [1, 1, 40],
    [0, 0, 0],
  ] as const) {
    test(`${percentage} in a hundred are kept, by the setting, and the same ones on every instance`, () => {
      const [here, there] = [kept(percentage, ids), kept(percentage, ids)];
      assert.deepEqual(here.traces, there.traces);
      assert.ok(here.traces.length >= least && here.traces.length <= most, `${here.traces.length} of 1000`);
    });
  }

  test("as many are kept if their callers, who may be any browsers, have decided otherwise", () => {
    assert.deepEqual(kept(25, ids, TraceFlags.NONE).traces, kept(25, ids).traces);
  });

  for (const [percentage, ot, rate] of [
    [100, "th:0", undefined],
    [50, "th:8", 50],
    [25, "th:c", 25],
    [1, "th:fd70a3d70a3d7", 1],
  ] as const) {
    test(`${percentage} in a hundred carry their share, so that counts can be right`, () => {
      const { span } = kept(percentage, ["0af7651916cd43dd84ffffffffffffff"]);
      assert.match(span?.spanContext().traceState?.get("ot") ?? "", new RegExp(`^${ot}`));
      assert.equal(span?.attributes["microsoft.sample_rate"], rate);
    });
  }
});
