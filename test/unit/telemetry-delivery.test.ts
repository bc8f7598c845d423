import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { readyz } from "../../functions/health.ts";
import { noteDelivery } from "../../shared/telemetry/delivery.ts";
import { checkSettings } from "../../tools/doctor/checks/settings.ts";
import { testApp } from "./support/app.ts";
import { environment } from "./support/environment.ts";

async function report() {
  const app = {
    ...testApp(),
    readiness: { ...testApp().readiness, store: async () => "ok", credential: async () => "ok" },
  };
  const context = { app, signal: new AbortController().signal };
  const answer = await readyz.handler({} as never, context as never);
  return { ...(answer.jsonBody as { warnings: readonly { code: string }[] }), status: answer.status };
}

describe("telemetry that nobody takes", () => {
  const lines: string[] = [];
  const note = (failure?: string) => noteDelivery("Application Insights", failure, (text) => lines.push(text));
  afterEach(() => {
    note();
    lines.splice(0);
  });

  test("is a line in the log once for each outage, and another at its end", () => {
    for (const failure of ["403", "403", "ECONNREFUSED", undefined, undefined, "429"]) note(failure);
    assert.deepEqual(lines, [
      "telemetry: Application Insights accepts nothing (403)",
      "telemetry: Application Insights accepts it again",
      "telemetry: Application Insights accepts nothing (429)",
    ]);
  });

  test("is a warning of /readyz until it is taken again, and keeps no instance from serving", async () => {
    note("403");
    const { status, warnings } = await report();
    assert.equal(status, 200);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["telemetry_refused"],
    );
    note();
    assert.deepEqual((await report()).warnings, []);
  });

  test("because of its settings is a finding of the doctor", () => {
    const { findings } = checkSettings({ ...environment(), OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" }, "a file");
    const finding = findings.find(({ name }) => name === "Settings: telemetry");
    assert.equal(finding?.status, "failed");
    assert.match(finding.text, /^OTEL_EXPORTER_OTLP_ENDPOINT: expects an http:/);
  });
});
