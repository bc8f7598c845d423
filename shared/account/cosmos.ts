import { CosmosClient, type ConnectionPolicy, type CosmosClientOptions } from "@azure/cosmos";
import type { Configuration } from "../configuration/configuration.ts";
import { withinDeadline } from "../core/waiting.ts";
import { managedIdentity } from "../core/managed-identity.ts";
import { timed, type StoreClock } from "../store/clock.ts";
import { directReads } from "../store/direct-reads.ts";
import { signatureOf, type Sign } from "../store/sample-read.ts";
import { observed } from "../store/request.ts";
import { readRegions } from "../store/read-regions.ts";
import { pointOperations } from "../store/point-operations.ts";
import { isDirectoryState, newDirectoryState } from "./directory-state.ts";
import { isAccountDocument, unreadableAccount } from "./document.ts";
import { isNotBeforeDocument, unreadableNotBefore } from "./not-before.ts";
import type { AccountStore } from "./store.ts";
import { isStoredEntry, unreadableEntry } from "./stored-entry.ts";

/** Names of the two containers; both have the partition key `/id`. */
export const containerNames = { accounts: "accounts", sids: "sids" } as const;

export const connectionPolicy = {
  requestTimeout: 5_000,
  // There is one write region, because consistency is Strong: every instance sees a sign-out at once.
  useMultipleWriteLocations: false,
  // `untilAnswered` does the retries, within the time that the request has.
  retryOptions: { maxRetryAttemptCount: 0 },
} satisfies ConnectionPolicy;

export interface ConnectedStore extends AccountStore {
  /** Asks the store for an answer of any kind, to learn its time. This is no point operation and costs no request units. */
  look(signal: AbortSignal): Promise<void>;
}

/**
 * Makes a client for Azure Cosmos DB. It connects with its first operation.
 * @param clock learns from every answer
 */
export async function connectStore(
  { connection, databaseName, regions: names }: Configuration["cosmosDb"],
  clock: StoreClock,
): Promise<ConnectedStore> {
  const regions = readRegions(names);
  const reads = directReads(signatureFor(connection));
  const client = await cosmosClient(connection, { httpClient: reads.httpClient, regions: names });
  const database = client.database(databaseName);
  const [accounts, sids] = [database.container(containerNames.accounts), database.container(containerNames.sids)];
  return {
    accounts: pointOperations(accounts, isAccountDocument, {
      otherwise: unreadableAccount,
      clock,
      direct: reads.ofContainer(accounts),
      regions,
    }),
    sids: pointOperations(sids, isStoredEntry, { otherwise: unreadableEntry, clock, regions }),
    directory: pointOperations(sids, isDirectoryState, { otherwise: newDirectoryState, clock, regions }),
    notBefore: pointOperations(sids, isNotBeforeDocument, { otherwise: unreadableNotBefore, clock, regions }),
    async look(abortSignal) {
      const ask = () => timed(clock, () => client.getDatabaseAccount({ abortSignal }));
      await observed("read account", () => withinDeadline(abortSignal, ask()));
    },
  };
}

type Connection = Configuration["cosmosDb"]["connection"];

/** The SDK's client, with the settings that the store needs. */
export async function cosmosClient(
  connection: Connection,
  options: { readonly httpClient?: CosmosClientOptions["httpClient"]; readonly regions?: readonly string[] } = {},
): Promise<CosmosClient> {
  const transport = options.httpClient && { httpClient: options.httpClient };
  const policy = { ...connectionPolicy, ...regionPolicy(options.regions ?? []) };
  return new CosmosClient({ ...(await credentialOptions(connection)), ...transport, connectionPolicy: policy });
}

/** With several regions, the SDK asks one after the other which of them writes, and asks each minute. */
function regionPolicy(regions: readonly string[]): ConnectionPolicy {
  return regions.length < 2 ? {} : { preferredLocations: [...regions], endpointRefreshRateInMs: 60_000 };
}

async function credentialOptions(connection: Connection): Promise<CosmosClientOptions> {
  if (connection.kind === "connectionString") return { connectionString: connection.connectionString };
  return { endpoint: connection.endpoint, aadCredentials: await managedIdentity(connection.clientId) };
}

function signatureFor(connection: Connection): Sign | undefined {
  if (connection.kind !== "connectionString") return undefined;
  const [, key] = /(?:^|;)\s*AccountKey=([^;]+)/i.exec(connection.connectionString) ?? [];
  return key === undefined ? undefined : signatureOf(key);
}
