import { CosmosClient, type Container } from "@azure/cosmos";

/** Values by key in a Cosmos DB container, with point operations over kept-alive connections. */
export interface Documents {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}

// With its default options, which keep connections alive.
const client = new CosmosClient({ connectionString: process.env["CosmosDb"] ?? "" });

export function documents(containerId: string): Documents {
  const container: Container = client.database("auth").container(containerId);
  return {
    async get(key) {
      const { resource } = await container.item(key, key).read<{ value: string }>();
      return resource?.value;
    },
    async set(key, value) {
      await container.items.upsert({ id: key, value }, { disableAutomaticIdGeneration: true });
    },
    async remove(key) {
      await container.item(key, key).delete();
    },
  };
}
