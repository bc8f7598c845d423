import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startHost, type Library } from "./fixtures/harness.ts";
import { createQueue, openQueue, setSetting, startQueueHost, useQueueStorage } from "./fixtures/queues.ts";

const storage = useQueueStorage();

function register(queueName: string, handler: () => unknown, connection = "") {
  return ({ app }: Library) => app.storageQueue("read", { queueName, connection, handler });
}

test("what a queue trigger cannot do here is refused, naming function and reason", async (t) => {
  setSetting(t, "Identity__accountName", "somewhere");
  const refused: [(library: Library) => void, RegExp][] = [
    [register("a--b", () => undefined), /"a--b" must be 3 to 63/],
    [register("%name%", () => undefined), /expression/],
    [register("queue", () => undefined, "Identity"), /Identity__accountName: identity-based connections/],
    [
      ({ app, trigger }) => {
        const queue = { ...trigger.storageQueue({ queueName: "queue", connection: "" }), dataType: "binary" };
        app.generic("read", { trigger: queue, handler: () => undefined });
      },
      /its option "dataType" is not supported/,
    ],
    [
      ({ app, output }) => {
        const extraOutputs = [output.storageBlob({ path: "a/b", connection: "" })];
        app.storageQueue("read", { queueName: "queue", connection: "", extraOutputs, handler: () => undefined });
      },
      /the output binding "blob" is not supported/,
    ],
  ];
  for (const [app, reason] of refused) {
    const start = startQueueHost(t, app);
    await assert.rejects(
      start,
      ({ message }: Error) => message.startsWith('function "read": ') && reason.test(message),
    );
  }
});

test("extensions.queues is checked, and settings replace what it says", async (t) => {
  const plain = register("queue", () => undefined);
  const start = (queues: unknown) => startHost(t, plain, { hostJson: { version: "2.0", extensions: { queues } } });
  const refused: [object, RegExp][] = [
    [{ unknown: 1 }, /"extensions\.queues\.unknown" is not supported/],
    [{ batchSize: 0 }, /batchSize" must be a whole number from 1 to 32/],
    [{ batchSize: 33 }, /batchSize/],
    [{ newBatchThreshold: -1 }, /newBatchThreshold" must be a whole number from 0/],
    [{ maxDequeueCount: 0 }, /maxDequeueCount" must be a whole number from 1/],
    [{ maxPollingInterval: "00:00:00.05" }, /maxPollingInterval" must be "hh:mm:ss"/],
    [{ visibilityTimeout: 60 }, /visibilityTimeout" must be "hh:mm:ss"/],
    [{ messageEncoding: "base32" }, /messageEncoding" must be "base64" or "none"/],
  ];
  for (const [queues, message] of refused) await assert.rejects(start(queues), message);
  await start({ batchSize: 32, newBatchThreshold: 0, messageEncoding: "None", visibilityTimeout: "1.00:00:00" });

  const prefix = "AzureFunctionsJobHost__extensions__";
  setSetting(t, `${prefix}queues__maxDequeueCount`, "1");
  const queue = await createQueue(storage());
  await startQueueHost(
    t,
    register(queue.name, () => Promise.reject(new Error("never"))),
    { maxDequeueCount: 100 },
  );
  await queue.send("x");
  const poison = openQueue(storage(), `${queue.name}-poison`);
  await eventually("it is given up after one attempt", async () => (await poison.count()) === 1);

  setSetting(t, `${prefix}queues__batchSize`, "many");
  await assert.rejects(start({}), /batchSize/);
  process.env[`${prefix}queues__batchSize`] = "1";
  for (const name of [`${prefix}queues__other`, `${prefix}http__maxConcurrentRequests`]) {
    setSetting(t, name, "1");
    await assert.rejects(start({}), new RegExp(`${name}: overriding host\\.json by a setting is not supported`));
    Reflect.deleteProperty(process.env, name);
  }
});
