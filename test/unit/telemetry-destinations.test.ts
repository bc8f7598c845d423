import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { destinationsOf } from "../../shared/opentelemetry/destinations.ts";

const key = "InstrumentationKey=00000000-0000-4000-8000-000000000000";
const connection = "APPLICATIONINSIGHTS_CONNECTION_STRING";
const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
const protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

describe("telemetry goes", () => {
  test("nowhere, unless a destination is configured", () => {
    assert.deepEqual(destinationsOf({}), { azureMonitor: undefined, otlp: false, problems: [] });
  });

  test("to Application Insights, with the identity of the host's setting", () => {
    const environment = {
      [connection]: `${key};IngestionEndpoint=https://ingestion.example/`,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: "ClientId=66666666-6666-4666-8666-666666666666;Authorization=AAD",
    };
    const { azureMonitor, problems } = destinationsOf(environment);
    assert.deepEqual(azureMonitor?.identity, { clientId: "66666666-6666-4666-8666-666666666666" });
    assert.deepEqual(problems, []);
    assert.deepEqual(destinationsOf({ [connection]: key }).azureMonitor?.identity, undefined);
  });

  test("to an OTLP endpoint, to both, and to the one whose settings are right", () => {
    const both = destinationsOf({
      [connection]: key,
      [endpoint]: "http://collector:4318",
      [protocol]: "http/protobuf",
    });
    assert.deepEqual([both.azureMonitor !== undefined, both.otlp], [true, true]);
    const one = destinationsOf({ [connection]: "nonsense", [endpoint]: "https://otlp.example" });
    assert.deepEqual([one.azureMonitor, one.otlp, one.problems.length], [undefined, true, 1]);
  });

  for (const [what, environment, setting] of [
    ["a key", { [connection]: "IngestionEndpoint=https://somewhere.example/" }, connection],
    ["TLS", { [connection]: `${key};IngestionEndpoint=http://somewhere.example/` }, connection],
    ["a URL", { [endpoint]: "somewhere.example:4317" }, endpoint],
    ["the one protocol that it can", { [endpoint]: "https://somewhere.example", [protocol]: "grpc" }, protocol],
  ] as const) {
    test(`nowhere without ${what}, and the log has the setting's name but not its value`, () => {
      const { azureMonitor, otlp, problems } = destinationsOf(environment);
      assert.deepEqual([azureMonitor, otlp], [undefined, false]);
      const [problem = "", ...others] = problems;
      assert.deepEqual(others, []);
      assert.ok(problem.startsWith(`${setting}: expects `) && !problem.includes("somewhere.example"), problem);
    });
  }
});
