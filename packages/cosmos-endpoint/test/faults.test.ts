import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { afterEach, describe, test } from "node:test";
import { CosmosClient, ErrorResponse, type Item } from "@azure/cosmos";
import { statusOf } from "../src/contract.ts";
import { startCosmosEndpoint } from "../src/endpoint.ts";
import { startEndpointUnderTest } from "./under-test.ts";

const { endpoint, container } = await startEndpointUnderTest();

async function newItem(): Promise<{ id: string; item: Item; etag: string }> {
  const id = randomUUID();
  const { item, etag } = await container.items.create({ id, n: 1 });
  endpoint.operations.clear();
  return { id, item, etag };
}

async function stored(id: string): Promise<unknown> {
  return (await container.item(id, id).read<{ n: number }>()).resource?.n;
}

describe("faults at the local Cosmos DB endpoint, as the SDK reports them", () => {
  afterEach(() => {
    endpoint.faults.clear();
    endpoint.operations.clear();
  });
  test("429 is retried after the time it names, until it stops", async () => {
    const { item } = await newItem();
    const fault = { type: "status", status: 429, retryAfterMs: 20 } as const;
    const throttling = endpoint.faults.add({ match: { kind: "read" }, times: 3, fault });
    const { statusCode, headers } = await item.read();
    assert.equal(statusCode, 200);
    assert.equal(headers["x-ms-throttle-retry-count"], 3);
    assert.equal(headers["x-ms-throttle-retry-wait-time-ms"], 60);
    assert.equal(throttling.hits, 3);
    assert.deepEqual(
      endpoint.operations.all().map(({ status, storeStatus }) => [status, storeStatus]),
      [...Array.from({ length: 3 }, () => [429, 0]), [200, 200]],
    );
  });

  test("429 without end is thrown after nine retries, with its substatus", async () => {
    const { item, id } = await newItem();
    endpoint.faults.add({ match: { kind: "replace" }, times: Infinity, fault: { type: "status", status: 429 } });
    const error = await errorOf(item.replace({ id, n: 2 }));
    assert.deepEqual([error.code, error.substatus, error.body?.code], [429, 3200, "TooManyRequests"]);
    assert.equal(endpoint.operations.count({ kind: "replace", fault: "status" }), 10);
    assert.equal(await stored(id), 1);
  });

  test("449, 408, 412, 404 and 500 are thrown at once and nothing is written", async () => {
    const { item, id } = await newItem();
    for (const status of [449, 408, 412, 404, 500]) {
      endpoint.faults.add({ match: { id }, fault: { type: "status", status } });
      assert.equal(await statusOf(item.replace({ id, n: 2 })), status);
    }
    assert.equal(endpoint.operations.count({ kind: "replace" }), 5);
    assert.equal(await stored(id), 1);
  });

  test("503 is retried once for a read and not at all for a write", async () => {
    const { item, id } = await newItem();
    endpoint.faults.add({ match: { id }, times: Infinity, fault: { type: "status", status: 503 } });
    assert.equal(await statusOf(item.read()), 503);
    assert.equal(await statusOf(item.replace({ id, n: 2 })), 503);
    assert.equal(endpoint.operations.count({ kind: "read" }), 2);
    assert.equal(endpoint.operations.count({ kind: "replace" }), 1);
  });

  test("an error after the commit hides a write that has happened", async () => {
    const { item, id } = await newItem();
    endpoint.faults.add({ match: { kind: "replace" }, fault: { type: "status", status: 503, afterCommit: true } });
    assert.equal(await statusOf(item.replace({ id, n: 2 })), 503);
    assert.equal(await stored(id), 2);
    assert.equal(endpoint.operations.count({ status: 503, storeStatus: 200 }), 1);
  });

  test("a substatus and a body can be chosen", async () => {
    const { item } = await newItem();
    const body = '{"code":"Custom","message":"of my own"}';
    endpoint.faults.add({ match: {}, fault: { type: "status", status: 410, substatus: 1002, body } });
    const error = await errorOf(item.delete());
    assert.deepEqual([error.code, error.substatus, error.message], [410, 1002, "of my own"]);
  });

  test("a connection reset before the commit fails a write that has not happened", async () => {
    const { item, id } = await newItem();
    endpoint.faults.add({ match: { kind: "replace" }, fault: { type: "reset", when: "before" } });
    await assert.rejects(item.replace({ id, n: 2 }), { code: "ECONNRESET" });
    assert.equal(await stored(id), 1);
    assert.equal(endpoint.operations.count({ fault: "reset", status: 0, storeStatus: 0 }), 1);
  });

  test("a connection reset after the commit fails a write that has happened, and is not retried", async () => {
    const { item, id } = await newItem();
    endpoint.faults.add({ match: { kind: "delete" }, fault: { type: "reset", when: "after" } });
    await assert.rejects(item.delete(), { code: "ECONNRESET" });
    assert.equal(await stored(id), undefined);
    assert.equal(endpoint.operations.count({ fault: "reset", status: 0, storeStatus: 204 }), 1);
  });

  test("a read over a connection that is reset is repeated by the SDK, one second later", async () => {
    const { item } = await newItem();
    endpoint.faults.add({ match: { kind: "read" }, fault: { type: "reset", when: "before" } });
    const start = performance.now();
    assert.equal((await item.read()).statusCode, 200);
    assert.ok(performance.now() - start >= 990);
    assert.equal(endpoint.operations.count({ kind: "read" }), 2);
  });

  test("a delayed request is served all the same", async () => {
    const { item } = await newItem();
    endpoint.faults.add({ match: {}, fault: { type: "delay", ms: 50 } });
    const start = performance.now();
    assert.equal((await item.read()).statusCode, 200);
    assert.ok(performance.now() - start >= 45);
  });

  test("a request that hangs ends when its caller gives up, and nothing is done", async () => {
    const { item, id } = await newItem();
    const hanging = endpoint.faults.add({ match: { kind: "replace" }, fault: { type: "hang" } });
    const caller = new AbortController();
    const replacing = assert.rejects(item.replace({ id, n: 2 }, { abortSignal: caller.signal }), {
      name: "AbortError",
    });
    while (hanging.hits === 0) await new Promise(setImmediate);
    caller.abort();
    await replacing;
    hanging.remove();
    assert.equal(await stored(id), 1);
  });

  test("a request that hangs is cut off when the fault is removed", async () => {
    const { item, id } = await newItem();
    const hanging = endpoint.faults.add({ match: {}, fault: { type: "hang" } });
    const replacing = assert.rejects(item.replace({ id, n: 2 }), { code: "ECONNRESET" });
    while (hanging.hits === 0) await new Promise(setImmediate);
    hanging.remove();
    await replacing;
  });

  test("an answer that is not JSON is a SyntaxError, before the commit and after it", async () => {
    const { item, id } = await newItem();
    endpoint.faults.add({ match: {}, fault: { type: "garbage", when: "before" } });
    await assert.rejects(item.replace({ id, n: 2 }), SyntaxError);
    assert.equal(await stored(id), 1);
    endpoint.faults.add({ match: {}, fault: { type: "garbage", when: "after" } });
    await assert.rejects(item.replace({ id, n: 2 }), SyntaxError);
    assert.equal(await stored(id), 2);
  });

  test("a fault meets only what it matches, as often as it says, until it is removed", async () => {
    const [one, other] = [await newItem(), await newItem()];
    const fault = { type: "status", status: 500 } as const;
    const match = { kind: ["create", "replace"], container: "accounts", id: one.id } as const;
    const first = endpoint.faults.add({ match, fault });
    const second = endpoint.faults.add({
      match: { predicate: ({ document }) => document?.["n"] === 7 },
      times: 9,
      fault,
    });
    assert.equal((await one.item.read()).statusCode, 200);
    assert.equal((await other.item.replace({ id: other.id, n: 2 })).statusCode, 200);
    assert.equal(await statusOf(one.item.replace({ id: one.id, n: 2 })), 500);
    assert.equal(await statusOf(one.item.replace({ id: one.id, n: 2 })), 200);
    assert.equal(await statusOf(other.item.replace({ id: other.id, n: 7 })), 500);
    second.remove();
    assert.equal(await statusOf(other.item.replace({ id: other.id, n: 7 })), 200);
    assert.deepEqual([first.hits, second.hits], [1, 1]);
  });

  test("metadata requests meet faults only when these name them, and are counted apart", async () => {
    const fault = { type: "status", status: 500 } as const;
    endpoint.faults.add({ match: {}, fault });
    assert.equal(await statusOf(container.read()), 200);
    endpoint.faults.add({ match: { kind: "metadata", container: "accounts" }, fault });
    assert.equal(await statusOf(container.read()), 500);
    assert.equal(endpoint.operations.count(), 0);
    assert.equal(endpoint.operations.count({ kind: "metadata", container: "accounts" }), 2);
  });

  test("operations are logged with what they were, what they came to and what they cost", async () => {
    const { id, item } = await newItem();
    await item.read();
    await statusOf(container.items.create({ id }));
    await container.items.upsert({ id, n: 3 });
    await item.delete();
    const kinds = endpoint.operations.all({ id }).map(({ kind, status, storeStatus }) => [kind, status, storeStatus]);
    assert.deepEqual(kinds, [
      ["read", 200, 200],
      ["create", 409, 409],
      ["upsert", 200, 200],
      ["delete", 204, 204],
    ]);
    const { kind, database, container: name, requestCharge, at } = endpoint.operations.all()[0] ?? {};
    assert.deepEqual([kind, database, name, requestCharge], ["read", "auth", "accounts", 1]);
    assert.ok(Math.abs((at ?? 0) - Date.now()) < 10_000);
    assert.equal(endpoint.operations.count({ kind: ["create", "upsert"], status: 200 }), 1);
  });

  test("a gate before the commit: a replace in flight does not bring back what is deleted meanwhile", async () => {
    const { item, id, etag } = await newItem();
    const gate = endpoint.faults.gate({ match: { kind: "replace" }, when: "before" });
    const ifUnchanged = { accessCondition: { type: "IfMatch", condition: etag } };
    const replacing = statusOf(item.replace({ id, n: 2 }, ifUnchanged));
    await gate.reached();
    assert.equal(await statusOf(item.delete()), 204);
    gate.release();
    assert.equal(await replacing, 404);
    assert.equal(await stored(id), undefined);
  });

  test("a gate after the commit: the write is there for everybody else before its author knows", async () => {
    const { item, id } = await newItem();
    const gate = endpoint.faults.gate({ match: { kind: "replace" }, when: "after" });
    let isAnswered = false;
    const replacing = item.replace({ id, n: 2 }).finally(() => (isAnswered = true));
    await gate.reached();
    assert.equal(await stored(id), 2);
    assert.equal(isAnswered, false);
    gate.release();
    assert.equal((await replacing).statusCode, 200);
  });

  test("a gate holds several requests and lets them go one by one, in the order of their arrival", async () => {
    const ids = ["first", "second", "third"];
    const gate = endpoint.faults.gate({ match: { kind: "create" }, when: "before", times: 3 });
    const creating: Promise<number>[] = [];
    for (const [index, id] of ids.entries()) {
      creating.push(statusOf(container.items.create({ id })));
      await gate.reached(index + 1);
    }
    assert.equal(gate.held, 3);
    assert.equal(await statusOf(container.items.create({ id: "fourth" })), 201, "a gate holds as many as it says");
    for (const [index, id] of ids.entries()) {
      gate.release();
      assert.equal(await creating[index], 201);
      assert.deepEqual(
        await Promise.all(ids.map(async (each) => (await container.item(each, each).read()).statusCode)),
        [...ids.slice(0, index + 1).map(() => 200), ...ids.slice(index + 1).map(() => 404)],
      );
      assert.ok(endpoint.operations.count({ id, kind: "create" }) === 1);
    }
    assert.throws(() => {
      gate.release();
    }, /No request is held/);
  });

  test("releasing all lets every held request go and holds no more", async () => {
    const { item } = await newItem();
    const gate = endpoint.faults.gate({ match: { kind: "read" }, when: "before", times: Infinity });
    const reading = [item.read(), item.read(), item.read()];
    await gate.reached(3);
    gate.releaseAll();
    for (const { statusCode } of await Promise.all(reading)) assert.equal(statusCode, 200);
    assert.equal((await item.read()).statusCode, 200);
  });

  test("a gate and a fault can meet the same request, the fault added while it is held", async () => {
    const { item, id } = await newItem();
    const gate = endpoint.faults.gate({ match: { kind: "replace" }, when: "before" });
    const replacing = statusOf(item.replace({ id, n: 2 }));
    await gate.reached();
    endpoint.faults.add({ match: { kind: "replace" }, fault: { type: "status", status: 500 } });
    gate.release();
    assert.equal(await replacing, 500);
  });

  test("waiting for a request that never comes ends with an error when the gates are cleared", async () => {
    const gate = endpoint.faults.gate({ match: {}, when: "before" });
    const waiting = assert.rejects(gate.reached(), /0 of 1 requests/);
    endpoint.faults.clear();
    await waiting;
  });

  test("a client that gave up does not undo a write that was held", async () => {
    const { item, id } = await newItem();
    const gate = endpoint.faults.gate({ match: { kind: "replace" }, when: "before" });
    const abort = new AbortController();
    const replacing = item.replace({ id, n: 2 }, { abortSignal: abort.signal });
    await gate.reached();
    abort.abort();
    await assert.rejects(replacing, { name: "AbortError" });
    gate.release();
    assert.equal(await stored(id), 2);
  });

  test("stopping cuts off held requests, changes nothing any more and can be repeated", async () => {
    const stopping = await startCosmosEndpoint({ port: 0, dataFile: ":memory:" });
    const other = new CosmosClient(stopping.connectionString);
    const { database } = await other.databases.create({ id: "auth" });
    const gate = stopping.faults.gate({ match: { kind: "metadata" }, when: "before" });
    const creating = assert.rejects(database.containers.create({ id: "c", partitionKey: "/id" }), {
      code: "ECONNRESET",
    });
    await gate.reached();
    await stopping.stop();
    await creating;
    await stopping.stop();
    other.dispose();
  });
});

async function errorOf(operation: Promise<unknown>): Promise<ErrorResponse> {
  try {
    await operation;
  } catch (error) {
    assert.ok(error instanceof ErrorResponse);
    return error;
  }
  throw new Error("The operation succeeded.");
}
