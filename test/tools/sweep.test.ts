import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { CosmosClient, Item, type Container, type Database } from "@azure/cosmos";
import { createHttpServer } from "@vercel/cosmosdb-server";
import { notBeforeId } from "../../shared/account/not-before.ts";
import { runSweep } from "../../tools/sweep/command.ts";
import { sweep } from "../../tools/sweep/sweep.ts";
import { startCosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";

const begin = Date.parse("2026-12-01T12:00:00Z");

/* A server that answers queries, as the project's own endpoint does not. */
describe("npm run sweep, after everybody was signed out", () => {
  let server: ReturnType<typeof createHttpServer>;
  let client: CosmosClient;
  let database: Database;
  let accounts: Container;
  beforeEach(async () => {
    mock.timers.enable({ apis: ["Date"], now: begin });
    server = createHttpServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const key = Buffer.from("any key").toString("base64");
    client = new CosmosClient({ endpoint, key, connectionPolicy: { enableEndpointDiscovery: false } });
    ({ database } = await client.databases.create({ id: "auth" }));
    for (const id of ["accounts", "sids"]) await database.containers.create({ id, partitionKey: { paths: ["/id"] } });
    accounts = database.container("accounts");
  });
  afterEach(async () => {
    mock.restoreAll();
    mock.timers.reset();
    client.dispose();
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });

  const write = async (...ids: readonly string[]) => {
    for (const id of ids) await accounts.items.upsert({ id, sessions: {}, ttl: 3600, writeId: "w" });
  };
  const signEverybodyOut = async () => {
    const everybody = new Date().toISOString();
    await database.container("sids").items.upsert({ id: notBeforeId, everybody, tenants: {}, ttl: 3600, writeId: "w" });
  };
  const left = async () =>
    (await accounts.items.readAll().fetchAll()).resources
      .map(({ id }) => String(id))
      .toSorted((a, b) => a.localeCompare(b));

  it("deletes what was last written before, in batches, and keeps what was written since; a dry run only counts", async () => {
    await write(...Array.from({ length: 150 }, (_, index) => `old-${index}`));
    mock.timers.tick(1_000);
    await write("same second");
    mock.timers.tick(500);
    await signEverybodyOut();
    await write("came back");
    const counted = await sweep(database, true);
    assert.deepEqual([counted.before, counted.documents], ["2026-12-01T12:00:01.500Z", 150]);
    assert.equal((await left()).length, 152);
    const deleted = await sweep(database, false);
    assert.equal(deleted.documents, 150);
    assert.ok(deleted.requestUnits > counted.requestUnits);
    assert.deepEqual(await left(), ["came back", "same second"]);
    assert.equal((await sweep(database, false)).documents, 0);
  });

  it("keeps the document of somebody who signs in between the query and the deletion", async () => {
    await write("ada", "bruno");
    mock.timers.tick(2_000);
    await signEverybodyOut();
    const signsIn = mock.method(Item.prototype, "delete", async function (this: Item, ...given: [object]) {
      signsIn.mock.restore();
      await write("ada");
      return this.delete(...given);
    });
    assert.equal((await sweep(database, false)).documents, 1);
    assert.deepEqual(await left(), ["ada"]);
  });

  it("deletes nothing if nobody is signed out, and nothing more once that is taken back", async () => {
    await write("ada");
    mock.timers.tick(2_000);
    await assert.rejects(sweep(database, false), /Nobody is signed out/);
    await signEverybodyOut();
    const first = await sweep(database, true);
    const read = mock.method(Item.prototype, "read", async function (this: Item) {
      read.mock.restore();
      const set = await this.read();
      await database.container("sids").item(notBeforeId, notBeforeId).delete();
      return set;
    });
    await assert.rejects(sweep(database, false), /changed or taken back/);
    assert.deepEqual([first.documents, await left()], [1, ["ada"]]);
  });
});

async function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const printed = { output: "", errors: "" };
  const code = await runSweep(args, {
    environment,
    signIn: async () => assert.fail("nobody is to sign in"),
    print: (text) => void (printed.output += text),
    printError: (text) => void (printed.errors += text),
  });
  return { code, ...printed };
}

describe("npm run sweep, as a command", () => {
  it("says how to use it, and what is wrong with the arguments", async () => {
    const { code, output } = await run(["--help"]);
    assert.deepEqual([code, output.startsWith("Deletes what people leave")], [0, true]);
    for (const args of [[], ["--endpoint", "nowhere"], ["--endpoint"], ["--everything"]]) {
      const refused = await run(args);
      assert.equal(refused.code, 2, args.join(" "));
      assert.match(refused.errors, /Usage: npm run sweep/);
    }
  });

  it("says why it has not done anything, in one line", async () => {
    const endpoint = await startCosmosEndpoint({ port: 0, dataFile: ":memory:" });
    const { code, errors } = await run([], { CosmosDb: endpoint.connectionString });
    await endpoint.stop();
    assert.deepEqual([code, errors.trim().split("\n").length], [1, 1]);
    assert.match(errors, /^Not done \(404\)|^Nobody is signed out/);
  });
});
