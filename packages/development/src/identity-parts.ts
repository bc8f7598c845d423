import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { loadOrCreateCertificates } from "@entra-functions-bff/identity-provider/certificate";
import {
  startIdentityProvider,
  type IdentityProvider,
  type RegisteredApp,
} from "@entra-functions-bff/identity-provider";
import type { Graph } from "./graph/graph.ts";
import type { PlatformOptions, Surroundings } from "./platform-options.ts";
import { startGraphFor } from "./registration.ts";
import { secondAppRegistration, startSecondApp, type SecondApp } from "./second-app/app.ts";
import type { Settings } from "./settings.ts";
import { startUserDirectoryFor } from "./user-directory/for-people.ts";
import type { UserDirectory } from "./user-directory/service.ts";

export const appClientId = "6d2f0c8e-4b1a-4f7d-9c35-a8e1d07b9f42";
const secretLifetimeMs = 180 * 24 * 60 * 60_000;
const secondAppClientId = "c19b7e53-0a84-4d26-b6f1-3e5c9d2a7084";

/** The identity provider, and what belongs to it. */
export interface Identity {
  readonly identityProvider: IdentityProvider;
  readonly secondApp: SecondApp;
  readonly graph: Graph;
  readonly userDirectory: UserDirectory | undefined;
  readonly settings: Settings;
}

export async function startIdentity(
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
  const secretExpires = new Date(Date.now() + secretLifetimeMs).toISOString();
  const settings = {
    ...(userDirectory && { Directory__Notifications: "true", Directory__GraphUrl: userDirectory.url }),
    AzureAd__Instance: identityProvider.instance,
    AzureAd__TenantId: identityProvider.tenantId,
    AzureAd__ClientId: appClientId,
    AzureAd__ClientCredentials__0__SourceType: "ClientSecret",
    AzureAd__ClientCredentials__0__ClientSecret: app.clientSecret,
    AzureAd__ClientCredentials__0__ClientSecretExpires: secretExpires,
    NODE_EXTRA_CA_CERTS: certificates.caFile,
  };
  const graph = await parts.add(startGraphFor(app, identityProvider.tenantId, secretExpires));
  return { identityProvider, secondApp, graph, userDirectory, settings };
}

/** Tokens of the local identity provider open no real directory. */
function wantsUserDirectory({ userDirectory = false, settings = {} }: PlatformOptions): boolean {
  const isOn = /^true$/i.test(settings["Directory__Notifications"] ?? "");
  return userDirectory || (isOn && settings["Directory__GraphUrl"] === undefined);
}
