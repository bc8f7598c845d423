import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { CosmosClient, type Container } from "@azure/cosmos";
import { startCosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";
import { describeAppStore } from "./cosmos-contract-store.ts";

interface Server {
  readonly container: Container;
  close(): Promise<void>;
}

describeStoreAt("the local endpoint", connectToLocalEndpoint);

const account = process.env["CosmosDb"];
if (account !== undefined) describeStoreAt("the account that CosmosDb names", () => connectToAccount(account));

function describeStoreAt(name: string, connect: () => Promise<Server>): void {
  describe(name, () => {
    let server: Server;
    before(async () => {
      server = await connect();
    });
    after(() => server.close());
    describeAppStore(
      () => server.container,
      (title, run) => void test(title, run),
    );
  });
}

async function connectToLocalEndpoint(): Promise<Server> {
  const endpoint = await startCosmosEndpoint({ port: 0, dataFile: ":memory:" });
  const server = await connectToAccount(endpoint.connectionString);
  return {
    container: server.container,
    async close() {
      await server.close();
      await endpoint.stop();
    },
  };
}

async function connectToAccount(connectionString: string): Promise<Server> {
  const client = new CosmosClient(connectionString);
  const { database } = await client.databases.create({ id: `contract-${randomUUID()}` });
  const partitionKey = { paths: ["/id"] };
  const { container } = await database.containers.create({ id: "expiring", partitionKey, defaultTtl: -1 });
  return {
    container,
    async close() {
      await database.delete();
      client.dispose();
    },
  };
}
