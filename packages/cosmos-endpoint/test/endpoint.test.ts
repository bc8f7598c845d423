import { randomUUID } from "node:crypto";
import { CosmosClient } from "@azure/cosmos";
import { startCosmosEndpoint } from "../src/endpoint.ts";
import { type CosmosConnection, describeCosmosContract } from "../src/contract.ts";

describeCosmosContract("the local endpoint", connectToLocalEndpoint);

const account = process.env["CosmosDb"];
if (account !== undefined)
  describeCosmosContract("the account that CosmosDb names", () => connectToAccount(account), { realTime: true });

async function connectToLocalEndpoint(): Promise<CosmosConnection> {
  let now = Date.now();
  const endpoint = await startCosmosEndpoint({ port: 0, dataFile: ":memory:", clock: () => now });
  const client = new CosmosClient(endpoint.connectionString);
  const { database } = await client.databases.create({ id: "contract" });
  return {
    client,
    database,
    letPass: (seconds) => {
      now += seconds * 1000;
      return Promise.resolve();
    },
    async close() {
      client.dispose();
      await endpoint.stop();
    },
  };
}

async function connectToAccount(connectionString: string): Promise<CosmosConnection> {
  const client = new CosmosClient(connectionString);
  const { database } = await client.databases.create({ id: `contract-${randomUUID()}` });
  return {
    client,
    database,
    letPass: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
    async close() {
      await database.delete();
      client.dispose();
    },
  };
}
