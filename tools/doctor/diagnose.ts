import type { TokenCredential } from "@azure/identity";
import { CosmosClient } from "@azure/cosmos";
import { createGraphClient, type GraphClient } from "../app-registration/graph-client.ts";
import type { Configuration } from "../../shared/configuration/configuration.ts";
import { managedIdentity } from "../../shared/core/managed-identity.ts";
import { cloudOf } from "../../shared/configuration/clouds.ts";
import { isLoopback } from "../../shared/configuration/settings-reader.ts";
import { checkAddress } from "./checks/api-address.ts";
import { checkApp } from "./checks/app.ts";
import { checkAttempts, checkHostJson } from "./checks/attempts.ts";
import { checkAuthority } from "./checks/authority.ts";
import { checkCredential } from "./checks/credential.ts";
import { checkDirectory } from "./checks/directory.ts";
import { checkFrontEnd } from "./checks/front-end.ts";
import { checkQueue } from "./checks/queue.ts";
import { checkRegistration } from "./checks/registration.ts";
import { checkSettings } from "./checks/settings.ts";
import { checkSignIn } from "./checks/sign-in.ts";
import { checkStore } from "./checks/store.ts";
import { notChecked, type Finding } from "./finding.ts";
import type { SettingsSource } from "./settings-source.ts";

/** The operator's own sign-in, and where it is used. */
export interface Operator {
  readonly signIn: (tenantId: string | undefined) => Promise<TokenCredential>;
  /** Origin of Microsoft Graph, without a trailing slash, if it is not that of the cloud. */
  readonly graphUrl: string | undefined;
  /** The longest wait before a request is repeated, in milliseconds. */
  readonly longestWaitMs: number;
}

/** Checks this machine's settings, everything that they name, and the app that they are for. */
export async function diagnoseHere(source: SettingsSource, operator: Operator): Promise<readonly Finding[]> {
  const { environment } = source;
  const { findings, configuration } = checkSettings(environment, source.sources);
  if (configuration === undefined) {
    return [...findings, notChecked("Everything else", "the settings have to be complete first")];
  }
  const { azureAd, publicBaseUrl } = configuration;
  // If there is a managed identity, the platform sets where to reach it.
  const inAzure = environment["IDENTITY_ENDPOINT"] !== undefined;
  const groups = await Promise.all([
    checkAuthority(azureAd.instance + azureAd.tenantId),
    checkCredential(configuration, inAzure),
    checkStoreOf(configuration, inAzure, operator),
    checkQueue(configuration.signOut.queue, () => operator.signIn(undefined)),
    checkRegistrationOf(configuration, operator),
    Promise.all([...configuration.downstreamApis.values()].map(checkAddress)),
    checkApp(publicBaseUrl, "not checked"),
  ]);
  const attempts = [...checkAttempts(configuration.signOut.maxAttempts), ...(await checkHostJson("host.json"))];
  return [...findings, ...attempts, ...groups.flat()];
}

/**
 * Checks a deployment, whose settings only the app itself knows: what the app reports, and what can be seen from
 * outside.
 */
export async function diagnoseDeployment(
  baseUrl: string,
  identity: string | undefined,
  operator: Operator,
): Promise<readonly Finding[]> {
  const [app, frontEnd, { finding, registered }] = await Promise.all([
    checkApp(baseUrl, "failed"),
    checkFrontEnd(baseUrl),
    checkSignIn(baseUrl),
  ]);
  const unknown = ["Cosmos DB settings", "Queue storage"].map((name) =>
    notChecked(name, "needs the deployment's settings: npm run doctor -- --settings <file>"),
  );
  if (registered === undefined) {
    const rest = ["Identity provider", "App registration"].map((name) =>
      notChecked(name, "the app does not say which one it uses"),
    );
    return [...app, frontEnd, finding, ...rest, ...unknown];
  }
  const { clientId, authority, scopes } = registered;
  const cloud = cloudOf(new URL(authority).host);
  const groups = await Promise.all([
    checkAuthority(authority),
    checkRegistration(await graphOf(operator, cloud.graphs[0], undefined), {
      clientId,
      cloud,
      baseUrl,
      tenant: authority.slice(authority.lastIndexOf("/") + 1),
      // A sign-in asks for the scopes of the first API.
      apis: [{ name: "of the sign-in", scopes, appScope: undefined }],
      managedIdentity: identity,
      credential: undefined,
    }),
  ]);
  return [...app, frontEnd, finding, ...groups.flat(), ...unknown];
}

async function checkRegistrationOf(
  { azureAd, downstreamApis, directory, publicBaseUrl: baseUrl }: Configuration,
  operator: Operator,
): Promise<readonly Finding[]> {
  const { clientId, credential, tenantId, isMultiTenant } = azureAd;
  const identity = credential.kind === "managedIdentity" ? credential.clientId : undefined;
  const cloud = cloudOf(azureAd.authorityHost);
  const used = cloud.graphs.find((origin) => downstreamApis.get("graph")?.baseUrl.startsWith(`${origin}/`));
  const graph = await graphOf(operator, used ?? cloud.graphs[0], isMultiTenant ? undefined : tenantId);
  const expected = {
    clientId,
    cloud,
    baseUrl,
    tenant: tenantId,
    apis: [...downstreamApis.values()],
    credential: credential.kind,
    secretExpiresAt: credential.kind === "secret" ? credential.expiresAt : undefined,
    managedIdentity: identity,
  };
  const registration = await checkRegistration(graph, expected);
  return directory ? [...registration, await checkDirectory(graph, identity ?? clientId)] : registration;
}

async function graphOf(operator: Operator, ofCloud: string, tenantId: string | undefined): Promise<GraphClient> {
  const url = operator.graphUrl ?? ofCloud;
  return createGraphClient({
    url,
    // A stand-in must not get a real sign-in.
    credential: isLoopback(new URL(url).hostname) ? standIn : await operator.signIn(tenantId),
    wait: async (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, operator.longestWaitMs))),
  });
}

const standIn: TokenCredential = {
  getToken: async () => ({ token: "stand-in", expiresOnTimestamp: Date.now() + 3_600_000 }),
};

async function checkStoreOf(
  { cosmosDb }: Configuration,
  inAzure: boolean,
  { signIn }: Operator,
): Promise<readonly Finding[]> {
  const { connection } = cosmosDb;
  const isApp = connection.kind === "connectionString" || inAzure;
  const connectionPolicy = { requestTimeout: 5_000, retryOptions: { maxRetryAttemptCount: 1 } };
  const client =
    connection.kind === "connectionString"
      ? new CosmosClient({ connectionString: connection.connectionString, connectionPolicy })
      : new CosmosClient({
          endpoint: connection.endpoint,
          aadCredentials: inAzure ? await managedIdentity(connection.clientId) : await signIn(undefined),
          connectionPolicy,
        });
  try {
    return await checkStore(client, cosmosDb, isApp ? "app" : "operator");
  } finally {
    client.dispose();
  }
}
