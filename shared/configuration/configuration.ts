import { readAzureAd, type AzureAdConfiguration } from "./azure-ad.ts";
import { readCosmosDb, type CosmosDbConfiguration } from "./cosmos-db.ts";
import { readDirectory, type DirectoryConfiguration } from "./directory.ts";
import { readDownstreamApis, type DownstreamApiConfiguration } from "./downstream-apis.ts";
import { readLocalPages, type LocalPages } from "./local-pages.ts";
import { readPublicAddress, type PublicAddress } from "./public-address.ts";
import { readSession, type SessionConfiguration } from "./session.ts";
import { SettingsReader, type Environment, type SettingProblem } from "./settings-reader.ts";
import { settings } from "./settings.ts";
import { readSignOut, type SignOutConfiguration } from "./sign-out.ts";
import { refuseMisspelt } from "./spelling.ts";

export interface Configuration extends PublicAddress {
  readonly azureAd: AzureAdConfiguration;
  readonly cosmosDb: CosmosDbConfiguration;
  readonly session: SessionConfiguration;
  readonly signOut: SignOutConfiguration;
  /** Undefined if the directory ends no sessions. */
  readonly directory: DirectoryConfiguration | undefined;
  /** Where the local platform shows what happens. Empty in Azure. */
  readonly localPages: LocalPages;
  readonly http: { readonly streaming: boolean };
  readonly telemetry: { readonly sampledPercentage: number };
  /** By name. A sign-in requests the scopes of the first; that is `graph`, if it is called with the person's token. */
  readonly downstreamApis: ReadonlyMap<string, DownstreamApiConfiguration>;
}

/** The settings are not valid. `problems` names every setting at fault, not only the first. */
export class ConfigurationError extends Error {
  readonly code = "configuration_invalid";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ setting, problem }) => `${setting}: ${problem}`).join("\n"));
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

/**
 * Turns the environment into the app's configuration.
 * @throws {ConfigurationError} with every setting that is missing, malformed or contradicts another.
 */
export function loadConfiguration(environment: Environment): Configuration {
  const read = new SettingsReader(environment);
  refuseMisspelt(read);
  const address = readPublicAddress(read);
  const azureAd = readAzureAd(read);
  const configuration: Configuration = {
    ...address,
    azureAd,
    cosmosDb: readCosmosDb(read),
    session: readSession(read, address.basePath),
    signOut: readSignOut(read),
    directory: readDirectory(read, azureAd),
    localPages: readLocalPages(read, address.publicOrigin),
    http: { streaming: read.oneOf(settings.httpStreaming, ["true", "false"], "false") === "true" },
    telemetry: { sampledPercentage: readSampledPercentage(read) },
    downstreamApis: readDownstreamApis(read, { ...azureAd, ...address }),
  };
  if (read.problems.length > 0) throw new ConfigurationError(read.problems);
  return deepFreeze(configuration);
}

function readSampledPercentage(read: SettingsReader): number {
  return read.integer(settings.telemetrySampledPercentage, { min: 0, max: 100, default: 100 });
}

function deepFreeze<T>(value: T): T {
  if (value instanceof Map) [...value.values()].forEach(deepFreeze);
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
