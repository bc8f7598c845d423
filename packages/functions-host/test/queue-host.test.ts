import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { InvocationContext } from "@azure/functions";
import { startAppInstance, type AppInstance } from "../src/instance.ts";
import { startQueueStorage } from "@entra-functions-bff/queue-storage";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { makeAppFolder, type Library } from "./fixtures/harness.ts";
import { createQueue, openQueue, setSetting, startQueueHost, useQueueStorage } from "./fixtures/queues.ts";

const storage = useQueueStorage();

function register(
  queueName: string,
  handler: (message: unknown, context: InvocationContext) => unknown,
  connection = "",
) {
  return ({ app }: Library) => {
    app.storageQueue("read", { queueName, connection, handler });
    app.http("alive", { handler: () => ({ body: "alive" }) });
  };
}

test("messages that waited while no host ran are read by the next one", async (t) => {
  const queue = await createQueue(storage());
  const received: unknown[] = [];
  const app = register(queue.name, (message) => void received.push(message));
  const first = await startQueueHost(t, app);
  await first.stop();
  await queue.send("waited");
  await delay(500);
  assert.deepEqual(received, []);
  await startQueueHost(t, app);
  await eventually("it is read", async () => received.length === 1 && (await queue.count()) === 0);
});

test("a stop waits for the function that is working on a message, and the message is deleted", async (t) => {
  const queue = await createQueue(storage());
  const began = Promise.withResolvers<void>();
  let finished = false;
  const app = register(queue.name, async () => {
    began.resolve();
    await delay(300);
    finished = true;
  });
  const host = await startQueueHost(t, app);
  await queue.send("x");
  await began.promise;
  await host.stop();
  assert.deepEqual([finished, await queue.count()], [true, 0]);
});

test("the queue need not exist: it is read as soon as it does", async (t) => {
  const queue = openQueue(storage());
  const received: unknown[] = [];
  await startQueueHost(
    t,
    register(queue.name, (message) => void received.push(message)),
  );
  await delay(300);
  assert.equal(await queue.client.exists(), false, "the trigger does not create it");
  await queue.client.create();
  await queue.send("x");
  await eventually("it is read", () => received.length === 1);
});

test("a storage account that goes away is said once, and read again when it is back", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "queue-storage-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const before = await startQueueStorage({ port: 0, folder });
  setSetting(t, "Own", before.connectionString);
  const queue = await createQueue(before);
  const received: unknown[] = [];
  const host = await startQueueHost(
    t,
    register(queue.name, (message) => void received.push(message), "Own"),
  );
  await queue.send("1");
  await eventually("the first is read", async () => received.length === 1 && (await queue.count()) === 0);
  await before.stop();
  const outages = () => host.lines.filter((line) => /error Function\.read: the queue ".*" cannot be read/.test(line));
  await eventually("the outage is noticed", () => outages().length > 0);
  assert.equal(await (await fetch(`${host.url}/alive`)).text(), "alive");
  const after = await startQueueStorage({ port: Number(new URL(before.url).port), folder });
  t.after(() => after.stop());
  await queue.send("2");
  await eventually("the second is read", () => received.length === 2);
  assert.equal(outages().length, 1);
  assert.match(host.lines.join("\n"), /info {2}Function\.read: the queue ".*" can be read again/);
});

test("a function without its connection does not run, which is said; the others do", async (t) => {
  const host = await startQueueHost(
    t,
    register("queue", () => undefined, "Missing"),
  );
  assert.deepEqual(
    host.functions.map(({ name }) => name),
    ["alive"],
  );
  assert.equal(await (await fetch(`${host.url}/alive`)).text(), "alive");
  assert.match(host.lines.join("\n"), /error Host\.Startup: function "read" does not run: the setting Missing /);
});

test("a function that a setting disables leaves its messages alone", async (t) => {
  setSetting(t, "AzureWebJobs.read.Disabled", "true");
  const queue = await createQueue(storage());
  await queue.send("x");
  await startQueueHost(
    t,
    register(queue.name, () => undefined),
  );
  await delay(400);
  assert.deepEqual(await queue.contents(), ["x"]);
});

async function startReader(t: TestContext, appFolder: string, environment: NodeJS.ProcessEnv): Promise<AppInstance> {
  const instance = await startAppInstance({ appFolder, port: 0, environment: { ...process.env, ...environment } });
  t.after(() => instance.kill());
  return instance;
}

test("a process killed before it came to a message loses nothing: the next one reads it", async (t) => {
  const queue = openQueue(storage());
  const appFolder = await makeAppFolder(t, { entry: "queue-app.ts" });
  const environment = { FIXTURE_QUEUE: queue.name };
  const first = await startReader(t, appFolder, { ...environment, "AzureWebJobs.read.Disabled": "true" });
  assert.ok((await fetch(`${first.url}/write`, { method: "POST", body: "kept" })).ok);
  await first.kill();
  assert.deepEqual(await queue.contents(), ["kept"]);
  const second = await startReader(t, appFolder, environment);
  assert.match(second.lines.join("\n"), new RegExp(`^function read: queue ${queue.name}$`, "m"));
  await eventually("it is read", () => second.lines.some((line) => line.includes("read kept")));
  await eventually("it is deleted", async () => (await queue.count()) === 0);
  await second.stop();
});
