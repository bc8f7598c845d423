import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { azureMonitorRecorder } from "../../shared/azure-monitor/recorder.ts";
import type { Recorder } from "../../shared/telemetry/recorder.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startIngestion, type Ingestion } from "../support/ingestion.ts";

function recorderFor({ connectionString }: Ingestion, sampledPercentage: number, warnings: string[] = []): Recorder {
  const environment = { APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString };
  const recorder = azureMonitorRecorder(environment, sampledPercentage, (text) => warnings.push(text));
  assert.ok(typeof recorder !== "string");
  return recorder;
}

describe("what is recorded for Application Insights", () => {
  it("is first sent within a second, so that a refusal is in the log before the app stops", async (test) => {
    await using ingestion = await startIngestion();
    ingestion.answers.push({ status: 403 });
    test.mock.timers.enable({ apis: ["setInterval"] });
    const warnings: string[] = [];
    recorderFor(ingestion, 100, warnings).event("signout", "info", {}, undefined);
    await eventually("the refusal is told", () => warnings.length > 0);
    assert.deepEqual(warnings, ["telemetry: the ingestion endpoint accepts nothing (403)"]);
  });

  it("says of a span that it stands for others that were not sent, so that the tables count them right", async () => {
    await using ingestion = await startIngestion();
    const recorder = recorderFor(ingestion, 25);
    const trace = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "00f067aa0ba902b7", sampled: true };
    const call = { kind: "dependency", name: "GET api.example", type: "Http", parentSpanId: undefined } as const;
    recorder.span({ ...call, trace, startedAt: 0, durationMs: 1, success: true, resultCode: "200" });
    recorder.event("signin_cleanup_failed", "info", {}, trace);
    await recorder.flush();
    const rates = ingestion.items.map(({ name, sampleRate }) => `${name.split(".").at(-1)} ${sampleRate}`);
    assert.deepEqual(rates, ["RemoteDependency 25", "Event 100"]);
  });
});
