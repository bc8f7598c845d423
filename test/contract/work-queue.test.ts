import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { QueueServiceClient } from "@azure/storage-queue";
import { startQueueStorage } from "@entra-functions-bff/queue-storage";
import { QueueUnavailableError } from "../../shared/queue/errors.ts";
import { workQueue, type WorkQueue } from "../../shared/queue/queue.ts";
import { contentOf, messageOf } from "../../shared/queue/message.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import { startQueueService } from "../support/queue-service.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";

const due = { count: 8, hiddenSeconds: 60 };
const inTime = () => AbortSignal.timeout(10_000);

interface Service {
  readonly connectionString: string;
  stop(): Promise<unknown>;
}

async function startAzurite(): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), "bff-queue-"));
  const storage = await startQueueStorage({ port: 0, folder });
  const stop = async () => storage.stop().then(() => rm(folder, { recursive: true, force: true }));
  return { connectionString: storage.connectionString, stop };
}

/** Days until the messages of a queue end by themselves. */
async function daysLeft(service: QueueServiceClient, queue: string): Promise<number[]> {
  const { peekedMessageItems } = await service.getQueueClient(queue).peekMessages();
  return peekedMessageItems.map(({ expiresOn }) => Math.round((Number(expiresOn) - Date.now()) / 86_400_000));
}

/** The same at both, so that tests that lean on the second one mean something. */
const services = { "a real Queue service": startAzurite, "the Queue service of the tests": () => startQueueService() };

for (const [where, start] of Object.entries(services))
  describe(`the app's queue, at ${where}`, () => {
    const isReal = start === startAzurite;
    let storage: Service;
    let service: QueueServiceClient;
    before(async () => {
      storage = await start();
      service = QueueServiceClient.fromConnectionString(storage.connectionString);
    });
    after(() => storage.stop());

    let names = 0;
    function newQueue(): { name: string; queue: WorkQueue } {
      const name = `queue-${++names}`;
      const { connectionString } = storage;
      return { name, queue: workQueue({ kind: "connectionString", connectionString }, name) };
    }

    it("is created with the first message, and again if it disappears; until then it is empty", async () => {
      const { name, queue } = newQueue();
      for (const round of ["first", "again"]) {
        assert.deepEqual(await queue.receive(due, inTime()), []);
        assert.equal(await queue.count(inTime()), 0);
        await queue.put(round, inTime());
        assert.deepEqual(
          (await queue.receive(due, inTime())).map(({ text, attempt }) => [text, attempt]),
          [[round, 1]],
        );
        await service.getQueueClient(name).delete();
      }
    });

    it("hides a message that was received, counts it all the same, and gives it out again later with its attempts", async () => {
      const { queue } = newQueue();
      await queue.put("one", inTime());
      const [message] = await queue.receive(due, inTime());
      assert.ok(message);
      assert.deepEqual(await queue.receive(due, inTime()), []);
      assert.equal(await queue.count(inTime()), 1);
      await queue.postpone(message, 1, inTime());
      await eventually("it is back", async () => {
        const [again] = await queue.receive(due, inTime());
        return again?.id === message.id && again.text === "one" && again.attempt === 2;
      });
    });

    it("leaves a message to whoever has received it last", async () => {
      const { queue } = newQueue();
      await queue.put("one", inTime());
      const [first] = await queue.receive({ count: 1, hiddenSeconds: 1 }, inTime());
      assert.ok(first);
      await eventually("another one has it", async () => (await queue.receive(due, inTime())).length === 1);
      await queue.remove(first, inTime());
      await queue.postpone(first, 1, inTime());
      assert.equal(await queue.count(inTime()), 1);
      assert.deepEqual(await queue.receive(due, inTime()), []);
    });

    it("puts a message aside as it is, and has it no longer", async () => {
      const { name, queue } = newQueue();
      await queue.put("not to be understood", inTime());
      const [message] = await queue.receive(due, inTime());
      assert.ok(message);
      await queue.putAside(message, inTime());
      assert.equal(await queue.count(inTime()), 0);
      const { peekedMessageItems } = await service.getQueueClient(`${name}-poison`).peekMessages();
      assert.deepEqual(
        peekedMessageItems.map(({ messageText }) => messageText),
        ["not to be understood"],
      );
      const { receivedMessageItems } = await service.getQueueClient(`${name}-poison`).receiveMessages();
      const received = receivedMessageItems.map(({ dequeueCount }) => dequeueCount);
      assert.deepEqual(received, [1], "to look at a message has hidden it, or counted as an attempt");
    });

    if (!isReal) return;

    it("keeps a message until it is removed, and one that was put aside for seven days", async () => {
      const { name, queue } = newQueue();
      await queue.put("one", inTime());
      const [kept = 0] = await daysLeft(service, name);
      assert.ok(kept > 100_000, `${kept} days`);
      const [message] = await queue.receive(due, inTime());
      assert.ok(message);
      await queue.putAside(message, inTime());
      assert.deepEqual(await daysLeft(service, `${name}-poison`), [7]);
    });

    it("writes what the queue binding of Azure Functions wrote, and reads what it left: base64 of JSON", async () => {
      const { name, queue } = newQueue();
      const order: SignOutOrder = {
        origin: "app",
        accountKey: "account",
        sessionKey: "session",
        sidKey: null,
        subjectKey: null,
        reach: "scope",
        requestedAt: "2026-11-27T12:00:00.000Z",
      };
      await queue.put(messageOf(order), inTime());
      const [peeked] = (await service.getQueueClient(name).peekMessages()).peekedMessageItems;
      assert.equal(peeked?.messageText, Buffer.from(JSON.stringify(order)).toString("base64"));
      assert.deepEqual(contentOf(peeked?.messageText ?? ""), order);
    });

    it("says what it was asked, and with what it was refused", async () => {
      const connectionString = storage.connectionString.replace(/AccountKey=[^;]+/, "AccountKey=c2luaw==");
      const refused = workQueue({ kind: "connectionString", connectionString }, "refused");
      await assert.rejects(refused.put("one", inTime()), { operation: "put into refused", reason: "403" });
    });
  });

describe("the app's queue", () => {
  it("has taken a message only when it names it: an answer of something in between is none", async (test) => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(201).end());
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    test.after(() => server.close().closeAllConnections());
    const { port } = server.address() as AddressInfo;
    const connectionString = `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2luaw==;QueueEndpoint=http://127.0.0.1:${port}/a`;
    const queue = workQueue({ kind: "connectionString", connectionString }, "sign-outs");
    await assert.rejects(queue.put("one", inTime()), QueueUnavailableError);
  });

  for (const [what, connection] of [
    ["there is no storage account", undefined],
    ["its connection string is none", { kind: "connectionString", connectionString: "nonsense" }],
  ] as const) {
    it(`cannot be written when ${what}`, async () => {
      await assert.rejects(workQueue(connection, "none").put("one", inTime()), { code: "queue_unavailable" });
    });
  }
});
