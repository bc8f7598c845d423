import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InvocationContext, StorageQueueHandler } from "@azure/functions";
import { createQueueListener } from "../src/queues/listener.ts";
import { createProcessor } from "../src/queues/processor.ts";
import { readQueueSettings } from "../src/queues/settings.ts";
import { createQueueStorage } from "../src/queues/storage.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import type { Library } from "./fixtures/harness.ts";
import { createQueue, openQueue, startQueueHost, useQueueStorage, type TestQueue } from "./fixtures/queues.ts";

const storage = useQueueStorage();

function reading(queue: TestQueue, handler: StorageQueueHandler, name = "read") {
  return ({ app }: Library) => app.storageQueue(name, { queueName: queue.name, connection: "", handler });
}

const report = () => undefined;

test("a message reaches the function as the JSON it is, and is deleted after that", async (t) => {
  const queue = await createQueue(storage());
  const received: unknown[] = [];
  const host = await startQueueHost(
    t,
    reading(queue, (message) => void received.push(message)),
  );
  assert.deepEqual(host.functions, [{ name: "read", queueName: queue.name }]);
  await queue.send('{"origin":"app","sid":null}');
  await queue.send("just text");
  await eventually("both are read", async () => received.length === 2 && (await queue.count()) === 0);
  assert.deepEqual(new Set(received), new Set([{ origin: "app", sid: null }, "just text"]));
});

function minutesFromNow(time: unknown): number {
  return Math.round((Date.parse(String(time)) - Date.now()) / 60_000) || 0;
}

test("the function is told about the message, and about the members of its JSON", async (t) => {
  const queue = await createQueue(storage());
  let context: InvocationContext | undefined;
  await startQueueHost(
    t,
    reading(queue, (_message, given) => void (context = given)),
  );
  await queue.send('{"Origin":"app","POPReceipt":7,"none":null,"list":[]}');
  await eventually("it is read", () => context);
  const { id, insertionTime, expirationTime, nextVisibleTime, ...rest } = context?.triggerMetadata ?? {};
  assert.match(String(id), /^[0-9a-f-]{36}$/);
  assert.deepEqual([insertionTime, nextVisibleTime, expirationTime].map(minutesFromNow), [0, 10, 7 * 24 * 60]);
  assert.match(String(insertionTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
  const queueTrigger = { origin: "app", pOPReceipt: 7, none: null, list: [] };
  assert.deepEqual(rest, { queueTrigger, dequeueCount: 1, popReceipt: 7, origin: "app" });
  assert.equal(context?.functionName, "read");
  assert.match(context?.traceContext?.traceParent ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test("a message whose function fails comes back after the visibility timeout, until it succeeds", async (t) => {
  const queue = await createQueue(storage());
  const attempts: { count: unknown; at: number }[] = [];
  const host = await startQueueHost(
    t,
    reading(queue, (_message, { triggerMetadata }) => {
      attempts.push({ count: triggerMetadata?.["dequeueCount"], at: performance.now() });
      if (attempts.length < 3) throw new Error("not yet");
    }),
    { visibilityTimeout: "00:00:01" },
  );
  await queue.send("x");
  await eventually("the third attempt succeeds", async () => attempts.length === 3 && (await queue.count()) === 0);
  assert.deepEqual(
    attempts.map(({ count }) => count),
    [1, 2, 3],
  );
  const pauses = attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? 0));
  assert.ok(
    pauses.every((pause) => pause > 900),
    `pauses of ${pauses.join(", ")} ms`,
  );
  assert.match(host.lines.join("\n"), /error Function\.read: failed, attempt 2 of 5: Error: not yet/);
});

test("after the last attempt the message is in the poison queue, and nowhere else", async (t) => {
  const queue = await createQueue(storage());
  let attempts = 0;
  await startQueueHost(
    t,
    reading(queue, () => {
      attempts += 1;
      throw new Error("never");
    }),
    { maxDequeueCount: 2 },
  );
  await queue.send('{"a":"ä"}');
  const poison = openQueue(storage(), `${queue.name}-poison`);
  await eventually("it is given up", async () => (await queue.count()) === 0);
  assert.deepEqual([attempts, await poison.contents()], [2, ['{"a":"ä"}']]);
});

test("a queue of poison has none of its own: what fails there stays, out of sight", async (t) => {
  const queue = openQueue(storage(), "own-poison");
  await queue.client.create();
  let attempts = 0;
  await startQueueHost(
    t,
    reading(queue, () => {
      attempts += 1;
      throw new Error("never");
    }),
    { maxDequeueCount: 2 },
  );
  await queue.send("x");
  await eventually("it is tried", () => attempts === 1);
  await delay(600);
  assert.deepEqual([attempts, await queue.count(), await queue.contents()], [1, 1, []]);
});

test("a message that is not in Base64 goes to the poison queue as it is, without a call", async (t) => {
  const queue = await createQueue(storage());
  let calls = 0;
  const host = await startQueueHost(
    t,
    reading(queue, () => void (calls += 1)),
  );
  await queue.client.sendMessage("{not base64}");
  const poison = openQueue(storage(), `${queue.name}-poison`);
  await eventually("it is moved", async () => (await queue.count()) === 0 && (await poison.count()) === 1);
  const { peekedMessageItems } = await poison.client.peekMessages();
  assert.deepEqual([peekedMessageItems[0]?.messageText, calls], ["{not base64}", 0]);
  assert.match(host.lines.join("\n"), /is not base64 \(see messageEncoding\)/);
});

test("with messageEncoding none, messages are read as they are", async (t) => {
  const queue = await createQueue(storage());
  const received: unknown[] = [];
  await startQueueHost(
    t,
    reading(queue, (message) => void received.push(message)),
    { messageEncoding: "none" },
  );
  await queue.client.sendMessage("{not base64}");
  await eventually("it is read", () => received.length === 1);
  assert.deepEqual(received, ["{not base64}"]);
});

test("bytes that are no text fail without a call", async (t) => {
  const queue = await createQueue(storage());
  let calls = 0;
  await startQueueHost(
    t,
    reading(queue, () => void (calls += 1)),
    { maxDequeueCount: 1 },
  );
  await queue.client.sendMessage(Buffer.from([0xff, 0xfe]).toString("base64"));
  const poison = openQueue(storage(), `${queue.name}-poison`);
  await eventually("it is moved", async () => (await poison.count()) === 1);
  assert.equal(calls, 0);
});

test("no more messages are worked on at once than batch and threshold allow", async (t) => {
  const queue = await createQueue(storage());
  const others = 6;
  for (const what of ["short", "long", ...Array.from({ length: others - 1 }, () => "short")]) await queue.send(what);
  let running = 0;
  let most = 0;
  let done = 0;
  const othersDone = Promise.withResolvers<void>();
  await startQueueHost(
    t,
    reading(queue, async (what) => {
      running += 1;
      most = Math.max(most, running);
      await (what === "long" ? othersDone.promise : delay(20));
      running -= 1;
      done += 1;
      if (done === others) othersDone.resolve();
    }),
    { batchSize: 2, newBatchThreshold: 1 },
  );
  await eventually("all are read", () => done === others + 1);
  assert.equal(most, 3);
});

test("a message that is being worked on stays out of sight for longer than it was fetched for", async () => {
  const queue = await createQueue(storage());
  await queue.send("x");
  const settings = readQueueSettings({}, {});
  const opened = createQueueStorage().open(storage().connectionString, queue.name);
  const finish = Promise.withResolvers<boolean>();
  let calls = 0;
  const leaseSeconds = 4;
  const process = createProcessor({
    queue: opened,
    poisonQueue: undefined,
    settings,
    report,
    leaseSeconds,
    call: () => {
      calls += 1;
      return finish.promise;
    },
  });
  const listener = createQueueListener({ queue: opened, settings, report, leaseSeconds, process });
  listener.start();
  await eventually("it is begun", () => calls === 1);
  await delay(1500 * leaseSeconds);
  assert.deepEqual([calls, await queue.contents(), await queue.count()], [1, [], 1]);
  finish.resolve(true);
  await eventually("it is deleted with its latest receipt", async () => (await queue.count()) === 0);
  await listener.stop(1000);
});

test("outputs, of a queue function too: by name or by return, and the next function is called at once", async (t) => {
  const [first, second, third] = [await createQueue(storage()), openQueue(storage()), openQueue(storage())];
  const received: unknown[] = [];
  const host = await startQueueHost(
    t,
    ({ app, output }) => {
      const connection = "";
      const out = output.storageQueue({ queueName: second.name, connection });
      const begin = output.storageQueue({ queueName: first.name, connection });
      app.http("begin", {
        extraOutputs: [begin],
        handler(_request, { extraOutputs }) {
          extraOutputs.set(begin, "hello");
          return {};
        },
      });
      app.storageQueue("first", {
        queueName: first.name,
        connection,
        return: output.storageQueue({ queueName: third.name, connection }),
        extraOutputs: [out],
        handler(message, { extraOutputs }) {
          extraOutputs.set(out, { from: message });
          return "returned";
        },
      });
      app.storageQueue("second", {
        queueName: second.name,
        connection,
        handler: (message) => void received.push(message),
      });
    },
    { maxPollingInterval: "00:01:00" },
  );
  // By then a queue that stays empty is looked into every six seconds.
  await delay(7500);
  const startedAt = performance.now();
  await fetch(`${host.url}/begin`);
  await eventually("the second is called", () => received.length === 1);
  const took = performance.now() - startedAt;
  assert.deepEqual([received, await third.contents()], [[{ from: "hello" }], ["returned"]]);
  assert.ok(took < 4000, `${took} ms`);
});
