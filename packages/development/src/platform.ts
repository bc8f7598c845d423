import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { startAppInstance, type AppInstance } from "@entra-functions-bff/functions-host/instance";
import type { CosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";
import type { IdentityProvider } from "@entra-functions-bff/identity-provider";
import type { QueueStorage } from "@entra-functions-bff/queue-storage";
import type { DownstreamApi } from "./downstream-api/api.ts";
import type { Graph } from "./graph/graph.ts";
import { localPages, neighboursOf } from "./neighbours.ts";
import type { PlatformOptions } from "./platform-options.ts";
import { absoluteCertificates, leaveSettings, trustToo } from "./platform-settings.ts";
import { RunningParts } from "./running-parts.ts";
import type { SecondApp } from "./second-app/app.ts";
import { missingParts, type Settings } from "./settings.ts";
import { startOthers, startQueues, type Others } from "./start-parts.ts";
import type { UserDirectory } from "./user-directory/service.ts";

export type { AppInstance } from "@entra-functions-bff/functions-host/instance";
export type { SecondApp } from "./second-app/app.ts";
export type { ApiStandIn, ApiStandIns } from "./api-stand-ins.ts";
export type { Settings } from "./settings.ts";
export { appClientId } from "./identity-parts.ts";
export type { PlatformOptions, Ports } from "./platform-options.ts";

/** Everything around the app, on one machine. Parts that are real are undefined. */
export interface Platform {
  readonly publicBaseUrl: string;
  readonly cosmos: CosmosEndpoint | undefined;
  readonly identityProvider: IdentityProvider | undefined;
  readonly downstreamApi: DownstreamApi | undefined;
  readonly secondApp: SecondApp | undefined;
  /** Microsoft Graph's users, if `userDirectory` or the settings ask for them. */
  readonly userDirectory: UserDirectory | undefined;
  readonly queueStorage: QueueStorage | undefined;
  /** Shows how the app is registered with the identity provider here. */
  readonly graph: Graph | undefined;
  /** The key for the administrator's functions. */
  readonly administratorKey: string;
  /** The host's master key, to call functions by hand at `/admin/functions/<name>`. */
  readonly masterKey: string;
  /** The environment that the app sees. */
  readonly environment: Settings;
  stop(): Promise<void>;
}

/**
 * Starts the parts that `settings` do not name, and prepares the environment for the app itself. Rejects if a part does not
 * start, for example because its port is taken; then none runs.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const parts = new RunningParts();
  try {
    return await startParts(options, parts);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function startParts(given: PlatformOptions, parts: RunningParts): Promise<Platform> {
  // Settings name files in this folder, and the app's process may run in another folder.
  const folder = resolve(given.folder);
  const options = { ...given, folder };
  const { ports, settings = {} } = options;
  const missing = missingParts(settings);
  if (options.apis?.["graph"]) missing.delete("downstreamApi");
  await mkdir(folder, { recursive: true });
  const publicBaseUrl = settings["PublicBaseUrl"] ?? `http://localhost:${ports.app}`;
  const neighbours = neighboursOf(publicBaseUrl, ports, missing);
  const administratorKey = settings["FunctionsHost__FunctionKey"] ?? randomUUID();
  const masterKey = settings["FunctionsHost__MasterKey"] ?? randomUUID();

  // The slowest part runs in its own process, so it can start while the others do.
  const [queueStorage, { cosmos, entra, downstreamApi, apis }] = await Promise.all([
    missing.has("queueStorage") ? startQueues(options, parts) : undefined,
    startOthers(options, missing, { publicBaseUrl, neighbours, parts }),
  ]);

  const madeHere = await settingsOf({ queueStorage, cosmos, entra, downstreamApi, apis }, settings, {
    PublicBaseUrl: publicBaseUrl,
    ...localPages(publicBaseUrl, neighbours("app")),
  });
  const settingsFile = await leaveSettings(folder, madeHere, entra?.graph.url);

  return {
    publicBaseUrl,
    cosmos,
    graph: entra?.graph,
    identityProvider: entra?.identityProvider,
    downstreamApi,
    secondApp: entra?.secondApp,
    userDirectory: entra?.userDirectory,
    queueStorage,
    administratorKey,
    masterKey,
    environment: {
      ...madeHere,
      FunctionsHost__FunctionKey: administratorKey,
      FunctionsHost__MasterKey: masterKey,
      ...settings,
      ...absoluteCertificates(settings),
      ...(madeHere["NODE_EXTRA_CA_CERTS"] && { NODE_EXTRA_CA_CERTS: madeHere["NODE_EXTRA_CA_CERTS"] }),
      ...(queueStorage && { AzureWebJobsStorage: queueStorage.connectionString }),
    },
    async stop() {
      await rm(settingsFile, { force: true });
      await parts.stop();
    },
  };
}

/** The settings that lead the app to the parts that run here. */
async function settingsOf(
  { cosmos, entra, downstreamApi, apis, queueStorage }: Others & { readonly queueStorage: QueueStorage | undefined },
  given: Settings,
  address: Settings,
): Promise<Settings> {
  return {
    ...address,
    AzureWebJobsDisableHomepage: "true",
    ...(cosmos && { CosmosDb: cosmos.connectionString }),
    ...entra?.settings,
    ...(downstreamApi && {
      DownstreamApis__graph__BaseUrl: `${downstreamApi.url}/v1.0`,
      DownstreamApis__graph__Scopes: "User.Read",
    }),
    ...apis?.settings,
    ...(queueStorage && { AzureWebJobsStorage: queueStorage.connectionString }),
    ...(entra && { NODE_EXTRA_CA_CERTS: await trustToo(entra.settings, given) }),
  };
}

/** Starts an instance of the app on the platform. Several may run on one store, as in Azure. */
export async function startApp(
  platform: Platform,
  options: {
    appFolder: string;
    port: number;
    environment?: Readonly<Record<string, string | undefined>>;
    log?: (line: string) => void;
  },
): Promise<AppInstance> {
  const { PATH, HOME } = process.env;
  const environment = { PATH, HOME, ...platform.environment, ...options.environment };
  return startAppInstance({ ...options, environment });
}
