import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startQueueStorage } from "../src/queue-storage.ts";
import { eventually } from "../../stand-in-kit/src/eventually.ts";
import { createQueue, openQueue } from "../../functions-host/test/fixtures/queues.ts";

test("what was sent survives a restart of the queue storage", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "queue-storage-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const before = await startQueueStorage({ port: 0, folder });
  const queue = await createQueue(before);
  await queue.send("kept");
  await before.stop();
  const after = await startQueueStorage({ port: 0, folder });
  t.after(() => after.stop());
  assert.deepEqual(await openQueue(after, queue.name).contents(), ["kept"]);
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
