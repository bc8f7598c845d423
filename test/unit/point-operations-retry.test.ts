import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { isRecord } from "../../shared/core/encoding.ts";
import { pointOperations, type PointOperations, type Stored } from "../../shared/store/point-operations.ts";
import { untilAnswered } from "../../shared/store/request.ts";
import { backOff } from "../../shared/core/waiting.ts";
import { isProblem } from "./support/is-problem.ts";
import { scriptedContainer, type Fault, type ScriptedContainer } from "./support/scripted-container.ts";
import { shortTimeouts } from "./support/timeouts.ts";

const isStored = (value: unknown): value is Stored => isRecord(value);
const { signal } = new AbortController();
const document = { id: "t", ttl: 60 };
const maxAttempts = 5;

let script: ScriptedContainer;
let store: PointOperations<Stored>;
const operations: readonly [kind: string, run: (signal: AbortSignal) => Promise<unknown>][] = [
  ["read", (ends) => store.read("t", ends)],
  ["create", (ends) => store.create(document, ends)],
  ["replace", (ends) => store.replace(document, '"1"', ends)],
  ["delete", (ends) => store.delete("t", '"1"', ends)],
];

function arrange(kind: string, ...faults: Fault[]): void {
  script = scriptedContainer(...faults);
  store = pointOperations(script.container, isStored);
  if (kind !== "create") script.documents.set("t", { resource: { ...document, writeId: "w" }, etag: '"1"' });
}

beforeEach(() => {
  mock.method(Math, "random", () => 0);
  shortTimeouts();
});
afterEach(() => mock.restoreAll());

const passing: readonly [what: string, fault: Fault][] = [
  ["a busy store (429)", { status: 429 }],
  ["a concurrent change inside the store (449)", { status: 449 }],
  ["an unavailable store (503)", { status: 503 }],
  ["a time-out in the store (408)", { status: 408 }],
  ["an error in the store (500)", { status: 500 }],
  ["a partition that moved (410)", { status: 410 }],
  ["a replica that is behind (404, substatus 1002)", { status: 404, substatus: 1002 }],
  ["a container that cannot be found (404, substatus 1003)", { status: 404, substatus: 1003 }],
  ["no answer", { network: "hang" }],
  ["a broken connection", { network: "reset before commit" }],
];

/** A create that may have been written may arrive after a later delete: only what was refused for certain is repeated. */
const mayBeRepeated = (kind: string, [, fault]: (typeof passing)[number]) =>
  kind !== "create" || ("status" in fault && (fault.status === 429 || fault.status === 449));

for (const [kind, run] of operations) {
  describe(`a ${kind}`, () => {
    for (const [what, fault] of passing.filter((one) => mayBeRepeated(kind, one))) {
      test(`outlasts ${what}`, async () => {
        arrange(kind, fault, fault);
        await run(signal);
        assert.deepEqual(
          script.asked.map((request) => request.kind),
          [kind, kind, kind],
        );
      });

      test(`gives up on ${what} after ${maxAttempts} attempts, and says that nothing is known`, async () => {
        arrange(kind, ...Array.from({ length: 50 }, () => fault));
        await assert.rejects(run(signal), isProblem("store_unavailable"));
        assert.equal(script.asked.length, maxAttempts);
      });
    }

    for (const status of [400, 401, 403]) {
      test(`does not repeat what the store will never take (${status})`, async () => {
        arrange(kind, { status }, { status });
        await assert.rejects(run(signal), isProblem("store_unavailable"));
        assert.equal(script.asked.length, 1);
      });
    }

    test("does not repeat what the store finds too large (413), and says just that", async () => {
      arrange(kind, { status: 413 }, { status: 413 });
      await assert.rejects(run(signal), isProblem("session_too_large"));
      assert.equal(script.asked.length, 1);
    });

    test("is not begun when the request's time is up", async () => {
      arrange(kind);
      await assert.rejects(run(AbortSignal.abort()), isProblem("store_unavailable"));
      assert.equal(script.asked.length, 0);
    });

    test("ends with the request's time, whatever the store does", async () => {
      mock.method(AbortSignal, "timeout", () => new AbortController().signal);
      arrange(kind, { network: "hang" }, { network: "hang" });
      const ends = new AbortController();
      setTimeout(() => ends.abort(), 2);
      await assert.rejects(run(ends.signal), isProblem("store_unavailable"));
      assert.equal(script.asked.length, 1);
    });

    test("does not sit out a wait that is longer than the request's time", { timeout: 30_000 }, async () => {
      arrange(kind, { status: 429, retryAfterMs: 60_000 });
      const ends = new AbortController();
      setTimeout(() => ends.abort(), 5);
      await assert.rejects(run(ends.signal), isProblem("store_unavailable"));
    });
  });
}

describe("a create whose fate is unknown", () => {
  for (const [what, fault] of passing.filter((one) => !mayBeRepeated("create", one))) {
    test(`is not repeated after ${what}: the store is asked what became of it`, async () => {
      arrange("create", fault);
      assert.deepEqual(await store.create(document, signal), { outcome: "lost" });
      assert.deepEqual(
        script.asked.map((request) => request.kind),
        ["create", "read"],
      );
    });

    test(`gives up on ${what} when that cannot be told either`, async () => {
      arrange("create", ...Array.from({ length: 50 }, () => fault));
      await assert.rejects(store.create(document, signal), isProblem("store_unavailable"));
      assert.equal(script.asked.length, 1 + maxAttempts);
    });
  }

  test("is known once the document is there", async () => {
    arrange("create", { network: "reset after commit" });
    assert.equal((await store.create(document, signal)).outcome, "created");
  });

  test("is a conflict when somebody else's document is there", async () => {
    arrange("create", { network: "reset before commit" });
    const theirs = { ...document, writeId: "theirs" };
    script.after = (request) => request === 1 && script.documents.set("t", { resource: theirs, etag: '"1"' });
    const result = await store.create(document, signal);
    assert.ok(result.outcome === "conflict" && result.current.document.writeId === "theirs");
  });
});

test("a busy store is asked again no sooner than it wants", async () => {
  arrange("read", { status: 429, retryAfterMs: 40 });
  const startedAt = performance.now();
  await store.read("t", signal);
  assert.ok(performance.now() - startedAt >= 39);
});

test("a wait that makes no sense is no wait", async () => {
  for (const retryAfterMs of [Number.NaN, -5, Infinity]) {
    arrange("read", { status: 429, retryAfterMs });
    assert.ok(await store.read("t", signal));
    assert.equal(script.asked.length, 2);
  }
});

test("nothing is ever upserted, and every replace says which version it replaces", async () => {
  for (const [kind, run] of operations) {
    arrange(kind, { status: 503 }, { network: "reset after commit" });
    await run(signal);
    assert.ok(script.asked.every((request) => request.kind !== "upsert"));
    assert.ok(script.asked.every((request) => request.kind !== "replace" || request.ifMatch === '"1"'));
  }
});

test("the failure tells the operator which operation it was, and keeps the store's reason", async () => {
  arrange("replace", { status: 403 });
  await assert.rejects(store.replace(document, '"1"', signal), (error: Error & { operation?: string }) => {
    assert.equal(error.operation, "replace in things");
    assert.equal((error.cause as { code?: number }).code, 403);
    assert.doesNotMatch(error.message, /403|things/);
    return true;
  });
});

test("each attempt is told to stop when its time is up", async () => {
  const signals: AbortSignal[] = [];
  const hang = (attempt: AbortSignal) => {
    signals.push(attempt);
    return new Promise(() => undefined);
  };
  await assert.rejects(untilAnswered("test", signal, hang), isProblem("store_unavailable"));
  assert.ok(signals.length === maxAttempts && signals.every(({ aborted }) => aborted));
});

test("waits grow", async () => {
  mock.method(Math, "random", () => 1);
  const waits = await Promise.all(
    [1, 2].map(async (attempt) => {
      const startedAt = performance.now();
      await backOff(attempt, 0, signal);
      return performance.now() - startedAt;
    }),
  );
  for (const [index, least] of [49, 99].entries()) assert.ok((waits[index] ?? 0) >= least, `${waits[index]} ms`);
});
