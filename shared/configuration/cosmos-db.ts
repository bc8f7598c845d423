import { isGuid, isLoopback, type SettingsReader } from "./settings-reader.ts";
import { settings } from "./settings.ts";

export type CosmosConnection =
  | { readonly kind: "connectionString"; readonly connectionString: string }
  | { readonly kind: "identity"; readonly endpoint: string; readonly clientId: string | undefined };

/** Where the account documents are. */
export interface CosmosDbConfiguration {
  readonly connection: CosmosConnection;
  readonly databaseName: string;
  /** Names of the account's regions, in the order in which reads try them. Empty: the app does not try. */
  readonly regions: readonly string[];
}

/** As Azure names regions, `westeurope` or `West Europe`. */
const regionList = /^[A-Za-z0-9 ]+(,[A-Za-z0-9 ]+)*$/;

export function readCosmosDb(read: SettingsReader): CosmosDbConfiguration {
  const databaseName = read.optional(settings.cosmosDatabaseName, (name) => /^[^/\\#?]{1,255}$/.test(name)) ?? "auth";
  const regions = read.optional(settings.cosmosPreferredLocations, (names) => regionList.test(names)) ?? "";
  return { connection: readCosmosConnection(read), databaseName, regions: regions.split(/ *, */).filter(Boolean) };
}

function readCosmosConnection(read: SettingsReader): CosmosConnection {
  const connectionString = read.optional(settings.cosmosConnectionString, isCosmosConnectionString);
  const endpoint = read.optional(settings.cosmosAccountEndpoint);
  const clientId = read.optional(settings.cosmosClientId, isGuid);
  if (connectionString !== undefined) {
    for (const other of [settings.cosmosAccountEndpoint, settings.cosmosClientId]) {
      if (read.optional(other))
        read.fail(other, `contradicts ${settings.cosmosConnectionString.name}, which is set too`);
    }
    return { kind: "connectionString", connectionString };
  }
  if (endpoint === undefined) {
    if (!read.optional(settings.cosmosConnectionString)) {
      read.fail(settings.cosmosConnectionString, `is missing, and so is ${settings.cosmosAccountEndpoint.name}`);
    }
    return { kind: "identity", endpoint: "", clientId };
  }
  return { kind: "identity", endpoint: read.url(settings.cosmosAccountEndpoint, "https only"), clientId };
}

function isCosmosConnectionString(value: string): boolean {
  // As strict as the SDK, which would otherwise throw at the first request.
  const endpoint = URL.parse(/(?:^|;)AccountEndpoint=([^;]+)/.exec(value)?.[1] ?? "");
  return endpoint !== null && isConfidential(endpoint) && /(?:^|;)AccountKey=[^;]+/.test(value);
}

/** Whether nobody in between can read what is sent to `url`: TLS, or a loopback address. */
function isConfidential(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}
