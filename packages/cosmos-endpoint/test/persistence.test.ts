import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { type Container, CosmosClient } from "@azure/cosmos";
import { startCosmosEndpoint } from "../src/endpoint.ts";
import { statusOf } from "../src/contract.ts";

const ENDPOINT_MODULE = new URL("../src/endpoint.ts", import.meta.url).href;

describe("the data file of the local Cosmos DB endpoint", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cosmos-"));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  test("databases, containers, documents, ETags and expiry are the same after a restart", async () => {
    const dataFile = join(folder, "new", "folders", "restart.db");
    let now = Date.now();
    const options = { port: 0, dataFile, clock: () => now };
    const { etag, resource } = await withEndpoint(options, async (container) => {
      await container.items.create({ id: "short", ttl: 5 });
      return container.items.create({ id: "long", ttl: 3600, text: "é" });
    });
    now += 10_000;
    await withEndpoint(options, async (container) => {
      assert.equal((await container.read()).resource?.defaultTtl, -1);
      assert.equal((await container.item("short", "short").read()).statusCode, 404);
      const item = container.item("long", "long");
      assert.deepEqual((await item.read()).resource, resource);
      const onlyIfUnchanged = { accessCondition: { type: "IfMatch", condition: etag } };
      assert.equal((await item.replace({ id: "long" }, onlyIfUnchanged)).statusCode, 200);
      assert.equal(await statusOf(item.delete(onlyIfUnchanged)), 412);
    });
  });

  test("nothing of a deleted document is left in the file once the endpoint has stopped", async () => {
    const dataFile = join(folder, "deleted.db");
    await withEndpoint({ port: 0, dataFile }, async (container) => {
      await container.items.create({ id: "kept", text: "something to keep" });
      await container.items.create({ id: "gone", text: "something to forget" });
      await container.item("gone", "gone").delete();
    });
    const file = await readFile(dataFile, "latin1");
    assert.ok(file.includes("something to keep"));
    assert.ok(!file.includes("something to forget"));
  });

  test(
    "no acknowledged write is lost when the process is killed in the middle of many",
    { timeout: 60_000 },
    async () => {
      const dataFile = join(folder, "killed.db");
      const { child, client } = await startEndpointProcess(dataFile);
      const container = await openContainer(client);
      const acknowledged = new Map<string, string>();
      const deleted = new Set<string>();
      const writers = Array.from({ length: 8 }, (_, writer) =>
        writeUntilKilled(container, writer, acknowledged, deleted),
      );
      while (acknowledged.size + deleted.size < 300) await new Promise(setImmediate);
      child.kill("SIGKILL");
      await Promise.all([once(child, "exit"), ...writers]);
      client.dispose();

      await withEndpoint({ port: 0, dataFile }, async (survivors) => {
        for (const [id, etag] of acknowledged) assert.equal((await survivors.item(id, id).read()).etag, etag, id);
        for (const id of deleted) assert.equal((await survivors.item(id, id).read()).statusCode, 404, id);
      });
    },
  );

  test("a second process is kept from a file in use, and a file of another kind is not touched", async () => {
    const dataFile = join(folder, "shared.db");
    const { child, client } = await startEndpointProcess(dataFile);
    await assert.rejects(startCosmosEndpoint({ port: 0, dataFile }), /another process is using it/);
    client.dispose();
    child.kill("SIGKILL");
    await once(child, "exit");

    const notes = join(folder, "notes.txt");
    await writeFile(notes, "These are my notes, not a database. ".repeat(100));
    await assert.rejects(startCosmosEndpoint({ port: 0, dataFile: notes }), /not a data file/);
    assert.match(await readFile(notes, "utf8"), /^These are my notes/);
  });
});

async function withEndpoint<T>(
  options: { port: number; dataFile: string; clock?: () => number },
  use: (container: Container) => Promise<T>,
): Promise<T> {
  const endpoint = await startCosmosEndpoint(options);
  const client = new CosmosClient(endpoint.connectionString);
  try {
    return await use(await openContainer(client));
  } finally {
    client.dispose();
    await endpoint.stop();
  }
}

async function openContainer(client: CosmosClient): Promise<Container> {
  const { database } = await client.databases.createIfNotExists({ id: "auth" });
  const definition = { id: "accounts", partitionKey: { paths: ["/id"] }, defaultTtl: -1 };
  return (await database.containers.createIfNotExists(definition)).container;
}

async function startEndpointProcess(dataFile: string): Promise<{ child: ChildProcess; client: CosmosClient }> {
  const source = `
    import { startCosmosEndpoint } from ${JSON.stringify(ENDPOINT_MODULE)};
    const { connectionString } = await startCosmosEndpoint({ port: 0, dataFile: ${JSON.stringify(dataFile)} });
    console.log(connectionString);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const errors: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (line: string) => errors.push(line));
  for await (const line of createInterface(child.stdout)) return { child, client: new CosmosClient(line) };
  throw new Error(`The endpoint did not start: ${errors.join("")}`);
}

/** Creates, replaces and deletes documents of its own, and notes what was acknowledged, until the connection breaks. */
async function writeUntilKilled(
  container: Container,
  writer: number,
  acknowledged: Map<string, string>,
  deleted: Set<string>,
): Promise<void> {
  for (let n = 0; ; n += 1) {
    const id = `${writer}-${n}`;
    const item = container.item(id, id);
    try {
      acknowledged.set(id, (await container.items.create({ id, filling: "x".repeat(2000) })).etag);
      if (n % 3 === 1)
        await changing(id, acknowledged, async () => acknowledged.set(id, (await item.replace({ id })).etag));
      if (n % 3 === 2) await changing(id, acknowledged, async () => deleted.add((await item.delete()).item.id));
    } catch {
      return;
    }
  }
}

/** While a change is under way either state may be what survives: only what is acknowledged is promised. */
async function changing(id: string, acknowledged: Map<string, string>, change: () => Promise<unknown>): Promise<void> {
  acknowledged.delete(id);
  await change();
}
