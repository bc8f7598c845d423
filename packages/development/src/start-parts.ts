import { join } from "node:path";
import { CosmosClient, PartitionKeyKind } from "@azure/cosmos";
import { startCosmosEndpoint, type CosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";
import type { IdentityProvider } from "@entra-functions-bff/identity-provider";
import { startQueueStorage, type QueueStorage } from "@entra-functions-bff/queue-storage";
import { startApiStandIns, type RunningApis } from "./api-stand-ins.ts";
import { startDownstreamApi, type DownstreamApi } from "./downstream-api/api.ts";
import { appClientId, startIdentity, type Identity } from "./identity-parts.ts";
import type { PlatformOptions, Surroundings } from "./platform-options.ts";
import { registerApis } from "./registration.ts";
import type { RunningParts } from "./running-parts.ts";
import type { LocalPart } from "./settings.ts";

export async function startQueues(
  { folder, ports }: PlatformOptions,
  parts: RunningParts,
): Promise<QueueStorage | undefined> {
  if (ports.queueStorage === undefined) return undefined;
  return parts.add(startQueueStorage({ port: ports.queueStorage, folder: join(folder, "queue-storage") }));
}

/** The parts besides the queues. Undefined: it is real, or was not asked for. */
export interface Others {
  readonly cosmos: CosmosEndpoint | undefined;
  readonly entra: Identity | undefined;
  readonly downstreamApi: DownstreamApi | undefined;
  readonly apis: RunningApis | undefined;
}

export async function startOthers(
  options: PlatformOptions,
  missing: ReadonlySet<LocalPart>,
  { publicBaseUrl, neighbours, parts }: Surroundings,
): Promise<Others> {
  const { folder, ports, settings = {} } = options;
  const cosmos = missing.has("cosmos")
    ? await parts.add(
        startCosmosEndpoint({
          port: ports.cosmos,
          dataFile: join(folder, "cosmos.sqlite"),
          neighbours: neighbours("documents"),
        }),
      )
    : undefined;
  const connectionString = cosmos?.connectionString ?? settings["CosmosDb"];
  const databaseName = settings["CosmosDb__databaseName"] ?? "auth";
  // If it has another name, the app says what is wrong with it.
  if (connectionString && /^[^/\\#?]+$/.test(databaseName)) await createContainers(connectionString, databaseName);
  const entra = missing.has("identityProvider")
    ? await startIdentity(options, { publicBaseUrl, neighbours, parts })
    : undefined;
  const downstreamApi =
    entra && missing.has("downstreamApi")
      ? await parts.add(startApi(entra.identityProvider, ports.downstreamApi))
      : undefined;
  const apis =
    entra && options.apis
      ? await parts.add(startApiStandIns(options.apis, settings, entra.identityProvider))
      : undefined;
  if (entra && apis) registerApis(entra.graph, { clientId: appClientId }, apis.settings);
  return { cosmos, entra, downstreamApi, apis };
}

async function startApi(identityProvider: IdentityProvider, port: number): Promise<DownstreamApi> {
  return startDownstreamApi({
    port,
    issuer: identityProvider.issuer,
    jwks: async () => identityProvider.jwks(),
    audience: "https://graph.microsoft.com",
    scope: "User.Read",
  });
}

/** In Azure, the deployment creates these, because the app may not. */
async function createContainers(connectionString: string, databaseName: string): Promise<void> {
  const client = new CosmosClient({ connectionString });
  const { database } = await client.databases.createIfNotExists({ id: databaseName });
  for (const id of ["accounts", "sids"]) {
    const partitionKey = { paths: ["/id"], kind: PartitionKeyKind.Hash };
    // -1: documents have their own time to live.
    await database.containers.createIfNotExists({ id, partitionKey, defaultTtl: -1 });
  }
  client.dispose();
}
