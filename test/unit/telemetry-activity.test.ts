import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import { pointOperations, type Stored } from "../../shared/store/point-operations.ts";
import { setRecorder, requestUnitsSoFar, runFunction, httpDependency } from "../../shared/telemetry/activity.ts";
import type { Recorder, Span } from "../../shared/telemetry/recorder.ts";
import { scriptedContainer } from "./support/scripted-container.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const signal = new AbortController().signal;
const done = () => ({ success: true, resultCode: "200" });

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
  let spans: Span[];
  let measured: string[];
  beforeEach(() => {
    spans = [];
    measured = [];
    record(100);
  });
  afterEach(() => setRecorder(undefined));

  function record(sampledPercentage: number): void {
    const recorder: Recorder = {
      sampledPercentage,
      span: (span) => void spans.push(span),
      event: () => undefined,
      message: () => undefined,
      measure: (metric, value, dimensions) =>
        void measured.push([metric, value, ...Object.values(dimensions)].join(" ")),
      flush: () => Promise.resolve(),
    };
    setRecorder(recorder);
  }

  const counted = (metric: string) => measured.filter((line) => line.startsWith(metric));

  test("tells whom it asks where in the trace the request belongs, if that is recorded", async () => {
    const told: (string | undefined)[] = [];
    const work = async (traceparent?: string) => {
      told.push(traceparent);
      return { status: 200 };
    };
    const ask = (flags: string) =>
      inFunction(() => httpDependency("GET", "https://api.example/x", work), `00-${traceId}-b7ad6b7169203331-${flags}`);
    await ask("01");
    await ask("00");
    const [{ trace } = assert.fail()] = spans;
    assert.deepEqual(told, [`00-${traceId}-${trace.spanId}-01`, undefined]);
  });

  test("counts each request to the store that has to be repeated", async () => {
    const { container, documents } = scriptedContainer({ status: 429 }, { status: 449 });
    documents.set("one", { resource: { id: "one" }, etag: '"1"' });
    await inFunction(() => pointOperations(container, isStored).read("one", signal));
    assert.deepEqual(counted("bff.store.retries"), Array(2).fill("bff.store.retries 1 read in things"));
    assert.deepEqual(
      spans.map(({ name, resultCode, success }) => `${name} ${resultCode} ${success}`),
      ["read in things 429 false", "read in things 449 false", "read in things 200 true", "me 200 true"],
    );
  });

  test("counts each write that comes after somebody else's", async () => {
    const { container, documents } = scriptedContainer();
    documents.set("one", { resource: { id: "one", writeId: "theirs" }, etag: '"2"' });
    const operations = pointOperations(container, isStored);
    const result = await inFunction(() => operations.replace({ id: "one", ttl: 60 }, '"1"', signal));
    assert.equal(result.outcome, "conflict");
    assert.deepEqual(counted("bff.store.conflicts"), ["bff.store.conflicts 1 things"]);
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
    assert.equal(new Set(spans.map(({ trace }) => trace.traceId)).size, 4);
    for (const { trace, parentSpanId } of spans) {
      assert.match(trace.traceId, /^[0-9a-f]{32}$/);
      assert.equal(parentSpanId, "");
    }
  });

  test("tells host and status of what it asks for, never a path or a query", async () => {
    await asks(() => Promise.resolve({ status: 404 }));
    await assert.rejects(asks(() => Promise.reject(new Error("no answer"))));
    const told = spans.filter(({ kind }) => kind === "dependency");
    assert.deepEqual(
      told.map(({ name, target, resultCode, success }) => [name, target, resultCode, success]),
      [
        ["GET api.example", "api.example", "404", false],
        ["GET api.example", "api.example", "0", false],
      ],
    );
    assert.doesNotMatch(JSON.stringify(spans), /users|mail/);
  });

  for (const [percentage, least, most] of [
    [100, 1_000, 1_000],
    [25, 150, 350],
    [0, 0, 0],
  ] as const) {
    test(`is sent for ${percentage} in a hundred traces, by the setting, and for the same ones on every instance`, async () => {
      const ids = Array.from({ length: 1_000 }, () => randomBytes(16).toString("hex"));
      const kept = async () => {
        record(percentage);
        spans = [];
        for (const id of ids) await inFunction(async () => undefined, `00-${id}-00f067aa0ba902b7-01`);
        return spans.map(({ trace }) => trace.traceId);
      };
      const [here, there] = [await kept(), await kept()];
      assert.deepEqual(here, there);
      assert.ok(here.length >= least && here.length <= most, `${here.length} of 1000`);
    });
  }

  test("is not sent for a trace that arrives unsampled, whatever the setting says", async () => {
    await inFunction(async () => undefined, `00-${traceId}-00f067aa0ba902b7-00`);
    assert.deepEqual(spans, []);
  });
});
