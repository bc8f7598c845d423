import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { trace } from "@opentelemetry/api";
import { pointOperations, type Stored } from "../../shared/store/point-operations.ts";
import { requestUnitsSoFar, runFunction, httpDependency } from "../../shared/telemetry/activity.ts";
import type { TraceFields } from "../../shared/telemetry/activity-types.ts";
import { scriptedContainer } from "./support/scripted-container.ts";
import { failed, recordTelemetry } from "./support/telemetry.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const signal = new AbortController().signal;
const done = () => ({ success: true, attributes: {} });

function isStored(value: unknown): value is Stored {
  return typeof value === "object" && value !== null;
}

async function inFunction<T>(work: () => Promise<T>, traceParent?: string): Promise<T> {
  return runFunction({ name: "me", trigger: "http", traceParent }, work, done);
}

async function asks(work: () => Promise<{ status: number }>): Promise<{ status: number }> {
  return inFunction(() => httpDependency("GET", "https://api.example/users/ada?$select=mail", work));
}

describe("what an invocation does", () => {
  const recorded = recordTelemetry();
  beforeEach(async () => {
    recorded.reset();
    await recorded.measured();
  });

  const counted = async (metric: string) => (await recorded.measured()).filter((line) => line.startsWith(metric));

  test("tells whom it asks where in the trace the request belongs, whatever the caller's flag said", async () => {
    const told: TraceFields[] = [];
    const work = async (fields: TraceFields) => {
      told.push(fields);
      return { status: 200 };
    };
    for (const flags of ["01", "00"]) {
      await inFunction(
        () => httpDependency("GET", "https://api.example/x", work),
        `00-${traceId}-b7ad6b7169203331-${flags}`,
      );
    }
    const asked = recorded.spans().filter(({ name }) => name === "GET api.example");
    assert.deepEqual(
      told.map(({ traceparent }) => traceparent),
      asked.map((span) => `00-${traceId}-${span.spanContext().spanId}-01`),
    );
    for (const { tracestate } of told) assert.equal(tracestate, "ot=th:0");
  });

  test("is the parent of spans of the app's own code", async () => {
    await inFunction(async () => trace.getTracer("own").startSpan("report").end());
    const [own, me] = recorded.spans();
    assert.equal(own?.name, "report");
    assert.equal(own.parentSpanContext?.spanId, me?.spanContext().spanId);
  });

  test("counts each request to the store that has to be repeated", async () => {
    const { container, documents } = scriptedContainer({ status: 429 }, { status: 449 });
    documents.set("one", { resource: { id: "one" }, etag: '"1"' });
    await inFunction(() => pointOperations(container, isStored).read("one", signal));
    assert.deepEqual(await counted("bff.store.retries"), ["bff.store.retries 2 read in things"]);
    assert.deepEqual(
      recorded
        .spans()
        .map((span) => `${span.name} ${String(span.attributes["db.response.status_code"])} ${failed(span)}`),
      ["read in things 429 true", "read in things 449 true", "read in things 200 false", "me undefined false"],
    );
  });

  test("counts each write that comes after somebody else's", async () => {
    const { container, documents } = scriptedContainer();
    documents.set("one", { resource: { id: "one", writeId: "theirs" }, etag: '"2"' });
    const operations = pointOperations(container, isStored);
    const result = await inFunction(() => operations.replace({ id: "one", ttl: 60 }, '"1"', signal));
    assert.equal(result.outcome, "conflict");
    assert.deepEqual(await counted("bff.store.conflicts"), ["bff.store.conflicts 1 things"]);
  });

  test("does not mix up its request units with those of another one at the same time", async () => {
    const container = {
      id: "things",
      item: (id: string) => ({
        read: async () => ({ statusCode: 200, etag: '"1"', resource: { id }, headers: { "x-ms-request-charge": id } }),
      }),
    };
    const operations = pointOperations(container as never, isStored);
    const spend = (units: string) =>
      inFunction(async () => {
        for (let turn = 0; turn < 3; turn++) await operations.read(units, signal);
        return requestUnitsSoFar();
      });
    assert.deepEqual(await Promise.all([spend("1"), spend("2.5")]), [3, 7.5]);
    assert.equal(requestUnitsSoFar(), 0);
  });

  test("begins a trace of its own where the host's is missing or malformed", async () => {
    for (const traceParent of [undefined, "", `00-${traceId}`, "00-zz-zz-01"]) {
      await inFunction(() => Promise.resolve(), traceParent);
    }
    const spans = recorded.spans();
    assert.equal(new Set(spans.map((span) => span.spanContext().traceId)).size, 4);
    for (const { parentSpanContext } of spans) assert.equal(parentSpanContext, undefined);
  });

  test("tells host and status of what it asks for, never a path or a query", async () => {
    await asks(() => Promise.resolve({ status: 404 }));
    await assert.rejects(asks(() => Promise.reject(Object.assign(new Error("no answer"), { code: "ECONNRESET" }))));
    const told = recorded.spans().filter(({ name }) => name !== "me");
    const asked = { "http.request.method": "GET", "server.address": "api.example" };
    assert.deepEqual(
      told.map((span) => [span.name, span.attributes, failed(span)]),
      [
        ["GET api.example", { ...asked, "http.response.status_code": 404 }, true],
        ["GET api.example", { ...asked, "error.type": "ECONNRESET" }, true],
      ],
    );
    const all = recorded.spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
    assert.doesNotMatch(JSON.stringify(all), /users|mail|no answer/);
  });
});
