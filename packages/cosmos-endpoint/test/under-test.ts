import { after } from "node:test";
import { type Container, CosmosClient } from "@azure/cosmos";
import { type CosmosEndpoint, type CosmosEndpointOptions, startCosmosEndpoint } from "../src/endpoint.ts";

/** An endpoint with one container, seen through the SDK. It ends with the test file. */
export interface EndpointUnderTest {
  readonly endpoint: CosmosEndpoint;
  readonly client: CosmosClient;
  /** `accounts` in the database `auth`, where documents live until they say otherwise. */
  readonly container: Container;
}

export async function startEndpointUnderTest(options: Partial<CosmosEndpointOptions> = {}): Promise<EndpointUnderTest> {
  const endpoint = await startCosmosEndpoint({ port: 0, dataFile: ":memory:", ...options });
  const client = new CosmosClient(endpoint.connectionString);
  after(async () => {
    client.dispose();
    await endpoint.stop();
  });
  const { database } = await client.databases.create({ id: "auth" });
  const definition = { id: "accounts", partitionKey: { paths: ["/id"] }, defaultTtl: -1 };
  return { endpoint, client, container: (await database.containers.create(definition)).container };
}
