import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { QueueServiceClient } from "@azure/storage-queue";
import { startQueueStorage, type QueueStorage } from "../src/queue-storage.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";

test("what was sent survives a restart of the queue storage", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "queue-storage-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const before = await startQueueStorage({ port: 0, folder });
  await openQueue(before).create();
  await openQueue(before).sendMessage("kept");
  await before.stop();
  const after = await startQueueStorage({ port: 0, folder });
  t.after(() => after.stop());
  const { peekedMessageItems } = await openQueue(after).peekMessages();
  assert.deepEqual(
    peekedMessageItems.map(({ messageText }) => messageText),
    ["kept"],
  );
});

test("the queue storage ends with whoever started it, even by SIGKILL", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "queue-storage-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const module = join(import.meta.dirname, "../src/queue-storage.ts");
  const program = `
    const { startQueueStorage } = await import(${JSON.stringify(module)});
    const { url } = await startQueueStorage({ port: 0, folder: ${JSON.stringify(folder)} });
    console.log(url);`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program]);
  t.after(() => parent.kill("SIGKILL"));
  const [chunk] = (await once(parent.stdout, "data")) as [Buffer];
  const url = chunk.toString().trim();
  assert.equal((await fetch(url)).status, 400);
  parent.kill("SIGKILL");
  await eventually("nobody answers any more", () =>
    fetch(url).then(
      () => false,
      () => true,
    ),
  );
});

function openQueue({ connectionString }: QueueStorage) {
  return QueueServiceClient.fromConnectionString(connectionString).getQueueClient("orders");
}
