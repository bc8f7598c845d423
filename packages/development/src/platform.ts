import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CosmosClient, PartitionKeyKind } from "@azure/cosmos";
import { startAppInstance, type AppInstance } from "@entra-functions-bff/functions-host/instance";
import { startCosmosEndpoint, type CosmosEndpoint } from "@entra-functions-bff/cosmos-endpoint";
import { startDownstreamApi, type DownstreamApi } from "./downstream-api/api.ts";
import { loadOrCreateCertificates } from "@entra-functions-bff/identity-provider/certificate";
import type { Graph } from "./graph/graph.ts";
import {
  startIdentityProvider,
  type IdentityProvider,
  type Person,
  type RegisteredApp,
} from "@entra-functions-bff/identity-provider";
import { localPages, type Neighbours, neighboursOf } from "./neighbours.ts";
import { registerApis, startGraphFor } from "./registration.ts";
import { startQueueStorage, type QueueStorage } from "@entra-functions-bff/queue-storage";
import { secondAppRegistration, startSecondApp, type SecondApp } from "./second-app/app.ts";
import { RunningParts } from "./running-parts.ts";
import { startApiStandIns, type ApiStandIns, type RunningApis } from "./api-stand-ins.ts";
import { startUserDirectoryFor } from "./user-directory/for-people.ts";
import type { UserDirectory } from "./user-directory/service.ts";
import { missingParts, type LocalPart, type Settings } from "./settings.ts";

export type { AppInstance } from "@entra-functions-bff/functions-host/instance";
export type { SecondApp } from "./second-app/app.ts";
export type { ApiStandIn, ApiStandIns } from "./api-stand-ins.ts";
export type { Settings } from "./settings.ts";

export interface Ports {
  readonly app: number;
  readonly identityProvider: number;
  readonly identityProviderTls: number;
  readonly cosmos: number;
  readonly downstreamApi: number;
  readonly secondApp: number;
  /** If omitted, there is no queue storage, and failed sign-outs are not finished later. */
  readonly queueStorage?: number;
}

export interface PlatformOptions {
  /** Where the parts keep their data. */
  readonly folder: string;
  readonly ports: Ports;
  /**
   * Your own settings. The app gets them unchanged, and the real parts that they name are not replaced by stand-ins.
   */
  readonly settings?: Settings;
  /** Changes to how the app is registered with the local identity provider. */
  readonly registration?: Partial<RegisteredApp>;
  /** Who can sign in at the local identity provider; by default, the sample people. */
  readonly people?: readonly Person[];
  /** Whether the local identity provider names its issuer as Microsoft Entra External ID does. Default: false. */
  readonly externalId?: boolean;
  /** Whether the identity provider's page that tells the apps of a sign-out waits for the person. Default: false. */
  readonly holdSignOutPage?: boolean;
  /** Whether there is a directory of the local people, whose changes end sessions. Default: as `Directory__Notifications` says. */
  readonly userDirectory?: boolean;
  /** Stand-ins for the app's own APIs; not started for a real identity provider, whose tokens they cannot check. */
  readonly apis?: ApiStandIns;
}

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

export const appClientId = "6d2f0c8e-4b1a-4f7d-9c35-a8e1d07b9f42";
const secondAppClientId = "c19b7e53-0a84-4d26-b6f1-3e5c9d2a7084";

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

  const madeHere: Settings = {
    PublicBaseUrl: publicBaseUrl,
    ...localPages(publicBaseUrl, neighbours("app")),
    AzureWebJobsDisableHomepage: "true",
    ...(cosmos && { CosmosDb: cosmos.connectionString }),
    ...entra?.settings,
    ...(downstreamApi && {
      DownstreamApis__graph__BaseUrl: `${downstreamApi.url}/v1.0`,
      DownstreamApis__graph__Scopes: "User.Read",
    }),
    ...apis?.settings,
    ...(queueStorage && { AzureWebJobsStorage: queueStorage.connectionString }),
    ...(entra && { NODE_EXTRA_CA_CERTS: await trustToo(entra.settings, settings) }),
  };
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

/**
 * For `npm run doctor`, which checks what runs here: the settings of the stand-ins, whose secrets are new at each
 * start.
 */
async function leaveSettings(folder: string, madeHere: Settings, graphUrl: string | undefined): Promise<string> {
  const file = join(folder, "settings.json");
  const values = { ...madeHere, ...(graphUrl !== undefined && { GRAPH_URL: graphUrl }) };
  await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify({ Values: values }, undefined, 2)}\n`, { mode: 0o600 });
  return file;
}

/** Your own certificate authorities, as an absolute path, because the app's process may run in another folder. */
function absoluteCertificates({ NODE_EXTRA_CA_CERTS: file }: Settings): Settings {
  return file === undefined ? {} : { NODE_EXTRA_CA_CERTS: resolve(file) };
}

/**
 * The local certificate authority together with those that your machine already trusts, because Node takes only one
 * file.
 */
async function trustToo(local: Settings, given: Settings): Promise<string> {
  const [own = "", others] = [local["NODE_EXTRA_CA_CERTS"], given["NODE_EXTRA_CA_CERTS"]];
  if (others === undefined) return own;
  const bundle = join(dirname(own), "trusted.pem");
  const texts = await Promise.all([own, others].map((file) => readFile(file, "utf8").catch(() => "")));
  await writeFile(bundle, texts.join("\n"));
  return bundle;
}

async function startQueues({ folder, ports }: PlatformOptions, parts: RunningParts): Promise<QueueStorage | undefined> {
  if (ports.queueStorage === undefined) return undefined;
  return parts.add(startQueueStorage({ port: ports.queueStorage, folder: join(folder, "queue-storage") }));
}

interface Surroundings {
  readonly publicBaseUrl: string;
  readonly neighbours: Neighbours;
  readonly parts: RunningParts;
}

async function startOthers(
  options: PlatformOptions,
  missing: ReadonlySet<LocalPart>,
  { publicBaseUrl, neighbours, parts }: Surroundings,
): Promise<{ cosmos?: CosmosEndpoint; entra?: Identity; downstreamApi?: DownstreamApi; apis?: RunningApis }> {
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
  return {
    ...(cosmos && { cosmos }),
    ...(entra && { entra }),
    ...(downstreamApi && { downstreamApi }),
    ...(apis && { apis }),
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

interface Identity {
  readonly identityProvider: IdentityProvider;
  readonly secondApp: SecondApp;
  readonly graph: Graph;
  readonly userDirectory: UserDirectory | undefined;
  readonly settings: Settings;
}

async function startIdentity(
  options: PlatformOptions,
  { publicBaseUrl, neighbours, parts }: Surroundings,
): Promise<Identity> {
  const { folder, ports, registration, people, externalId = false, holdSignOutPage = false } = options;
  const certificates = await loadOrCreateCertificates(join(folder, "certificates"));
  const app: RegisteredApp = {
    clientId: appClientId,
    clientSecret: randomUUID(),
    name: "Entra Functions BFF",
    redirectUris: [`${publicBaseUrl}/auth/callback`],
    postLogoutRedirectUris: [`${publicBaseUrl}/auth/signed-out`],
    frontChannelLogoutUri: `${publicBaseUrl}/auth/frontchannel-logout`,
    ...registration,
  };
  const secondAppUrl = `http://127.0.0.1:${ports.secondApp}`;
  const secondAppCredentials = { clientId: secondAppClientId, clientSecret: randomUUID(), name: "The other app" };
  const identityProvider = await parts.add(
    startIdentityProvider({
      httpPort: ports.identityProvider,
      httpsPort: ports.identityProviderTls,
      tls: certificates,
      apps: [app, secondAppRegistration(secondAppUrl, secondAppCredentials)],
      dataFile: join(folder, "identity-provider.sqlite"),
      ...(people && { people }),
      neighbours: neighbours("identityProvider"),
      externalId,
      holdSignOutPage,
    }),
  );
  const secondApp = await parts.add(
    startSecondApp({
      port: ports.secondApp,
      ...secondAppCredentials,
      instance: identityProvider.instance,
      tenantId: identityProvider.tenantId,
      ca: certificates.ca,
      neighbours: neighbours("otherApp"),
    }),
  );
  const userDirectory = wantsUserDirectory(options)
    ? await parts.add(startUserDirectoryFor(identityProvider))
    : undefined;
  const settings = {
    ...(userDirectory && { Directory__Notifications: "true", Directory__GraphUrl: userDirectory.url }),
    AzureAd__Instance: identityProvider.instance,
    AzureAd__TenantId: identityProvider.tenantId,
    AzureAd__ClientId: appClientId,
    AzureAd__ClientCredentials__0__SourceType: "ClientSecret",
    AzureAd__ClientCredentials__0__ClientSecret: app.clientSecret,
    NODE_EXTRA_CA_CERTS: certificates.caFile,
  };
  const graph = await parts.add(startGraphFor(app, identityProvider.tenantId));
  return { identityProvider, secondApp, graph, userDirectory, settings };
}

/** Tokens of the local identity provider open no real directory. */
function wantsUserDirectory({ userDirectory = false, settings = {} }: PlatformOptions): boolean {
  const isOn = /^true$/i.test(settings["Directory__Notifications"] ?? "");
  return userDirectory || (isOn && settings["Directory__GraphUrl"] === undefined);
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
