import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { CosmosClient } from "@azure/cosmos";
import { createHttpServer } from "@vercel/cosmosdb-server";
import {
  type CosmosConnection,
  type Difference,
  describeCosmosContract,
} from "@entra-functions-bff/cosmos-endpoint/contract";
import { describeAppStore } from "./cosmos-contract-store.ts";

/*
 * A second opinion on what this project relies on: a server that others have written. Where it is known to be wrong about
 * Azure Cosmos DB, the contract stays as it is, and the list says why.
 */
const differences: Readonly<Record<string, Difference>> = {
  "a document has the system properties, and its ETag in quotes": {
    what: "It knows no _attachments, and gives the ETag without quotes.",
    failure: /'undefined'\n- 'string'/,
  },
  "every operation reports what it cost and an activity id": {
    what: "Every operation costs one request unit.",
    failure: /a write costs more than a read/,
  },
  "a read of an unchanged document is 304, of a changed one 200": {
    what: "It does not look at If-None-Match.",
    failure: /200,[\s\S]*304/,
  },
  "a document is gone when its time to live is over, for every operation, and its id is free": {
    what: "Nothing expires.",
    failure: /200 !== 404/,
  },
  "the time to live counts from the last write": { what: "Nothing expires.", failure: /200 !== 404/ },
  "a time to live of zero or null is refused": { what: "It does not look at ttl.", failure: /201 !== 400/ },
  "a document of more than 2 MB is refused, one of almost 2 MB is kept": {
    what: "Documents may be of any size.",
    failure: /201 !== 413/,
  },
};

describeCosmosContract("@vercel/cosmosdb-server", connect, { realTime: true, differences, more: describeAppStore });

test("docs/faults.md tells every known difference, and no other", async () => {
  const page = await readFile(new URL("../../docs/faults.md", import.meta.url), "utf8");
  const [, told = ""] = /with these known differences:\n\n((?:- .*\n)+)/.exec(page) ?? [];
  const expected = new Set(Object.values(differences).map(({ what }) => `- ${what}`));
  assert.deepEqual(told.trim().split("\n"), [...expected]);
});

async function connect(): Promise<CosmosConnection> {
  const server = createHttpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = new CosmosClient({
    endpoint: `http://127.0.0.1:${port}`,
    // It looks at none.
    key: Buffer.from("any key").toString("base64"),
    // It says that its endpoint is https.
    connectionPolicy: { enableEndpointDiscovery: false },
  });
  const { database } = await client.databases.create({ id: "contract" });
  return {
    client,
    database,
    letPass: (seconds) => delay(seconds * 1000),
    async close() {
      client.dispose();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
