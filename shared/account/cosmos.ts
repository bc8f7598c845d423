import { CosmosClient, type ConnectionPolicy, type CosmosClientOptions } from "@azure/cosmos";
import type { Configuration } from "../config.ts";
import { pointOperations } from "../store/point-operations.ts";
import { isAccountDocument, unreadableAccount } from "./document.ts";
import { isSidEntry } from "./sid-index.ts";
import type { AccountStore } from "./store.ts";

/** Names of the two containers; both have the partition key `/id`. */
export const containerNames = { accounts: "accounts", sids: "sids" } as const;

const connectionPolicy = {
  requestTimeout: 5_000,
  // One write region: the account's consistency is Strong, so that every instance sees a sign-out at once.
  useMultipleWriteLocations: false,
  // `untilAnswered` repeats what is worth repeating, within the time that the request has.
  retryOptions: { maxRetryAttemptCount: 0 },
} satisfies ConnectionPolicy;

/** Connects to Azure Cosmos DB. Sends nothing yet: the first operation does. */
export async function connectStore({ connection, databaseName }: Configuration["cosmosDb"]): Promise<AccountStore> {
  const database = (await cosmosClient(connection)).database(databaseName);
  return {
    accounts: pointOperations(database.container(containerNames.accounts), isAccountDocument, unreadableAccount),
    sids: pointOperations(database.container(containerNames.sids), isSidEntry),
  };
}

/** The client as the store uses it. */
export async function cosmosClient(connection: Configuration["cosmosDb"]["connection"]): Promise<CosmosClient> {
  return new CosmosClient({ ...(await credentialOptions(connection)), connectionPolicy });
}

async function credentialOptions(connection: Configuration["cosmosDb"]["connection"]): Promise<CosmosClientOptions> {
  if (connection.kind === "connectionString") return { connectionString: connection.connectionString };
  // Loaded only where it is used: a cold start with another credential does not pay for it.
  const { managedIdentity } = await import("../identity/managed-identity.ts");
  return { endpoint: connection.endpoint, aadCredentials: managedIdentity(connection.clientId) };
}
