import { downstreamApiSettings } from "./downstream-api-settings.ts";
import type { Setting } from "./setting.ts";

export type { Setting } from "./setting.ts";

/** Every setting that the app reads. Their names are only here and in downstream-api-settings.ts. */
export const settings = {
  publicBaseUrl: {
    name: "PublicBaseUrl",
    meaning:
      "The app's origin, as browsers see it. With a path if the app is below one: see [deploy.md](deploy.md#a-path-of-a-domain).",
    expects:
      "an https:// origin (http:// only for localhost), and perhaps a path of up to 50 letters, digits, hyphens, underscores and slashes",
    default: "https:// followed by WEBSITE_HOSTNAME",
  },
  localPages: {
    name: "Development__Pages",
    meaning:
      "Pages of the local platform, to which the page at `/` links. `npm start` sets it. It has no effect unless PublicBaseUrl is on localhost.",
    expects:
      "documents=<url>, otherApp=<url> and identityProvider=<url>, separated by spaces, with http:// URLs of this machine",
  },
  httpStreaming: {
    name: "Http__Streaming",
    meaning:
      "Whether bodies pass through the Functions host as streams, in both directions. Read [operations.md](operations.md#http-streams) before you turn it on.",
    expects: "true or false",
    default: "false",
  },
  instance: {
    name: "AzureAd__Instance",
    meaning: "Base URL of the identity provider.",
    expects: "an https:// URL without a path",
    default: "https://login.microsoftonline.com/",
  },
  tenantId: {
    name: "AzureAd__TenantId",
    meaning: "Whose people may sign in: one tenant's, or those of a multi-tenant authority.",
    expects: "a tenant's GUID or domain name, or one of organizations, common, consumers",
  },
  allowedTenants: {
    name: "AzureAd__AllowedTenants",
    meaning: "The tenants whose people may sign in, with a multi-tenant authority. Without it, every tenant may.",
    expects: "tenant GUIDs separated by commas; only with organizations, common or consumers",
  },
  clientId: {
    name: "AzureAd__ClientId",
    meaning: "Application (client) id of the app registration.",
    expects: "a GUID",
  },
  extraScopes: {
    name: "AzureAd__ExtraScopes",
    meaning:
      "Scopes that a page of the app may request consent for with `/auth/login?scope=`, besides those of the configured APIs.",
    expects: "scopes separated by spaces",
  },
  credentialSourceType: {
    name: "AzureAd__ClientCredentials__0__SourceType",
    meaning: "How the app proves itself to the identity provider.",
    expects: "SignedAssertionFromManagedIdentity, ClientSecret or Certificate",
  },
  managedIdentityClientId: {
    name: "AzureAd__ClientCredentials__0__ManagedIdentityClientId",
    meaning:
      "The user-assigned managed identity that the registration trusts as federated credential. Entra does not accept a system-assigned one.",
    expects: "a GUID; only and always with SignedAssertionFromManagedIdentity",
  },
  clientSecret: {
    name: "AzureAd__ClientCredentials__0__ClientSecret",
    meaning: "Client secret.",
    expects: "the secret's value; only and always with ClientSecret",
  },
  certificate: {
    name: "AzureAd__ClientCredentials__0__Certificate",
    meaning: "Certificate and its private key.",
    expects: "PEM text with a CERTIFICATE and a PRIVATE KEY block (PKCS #8); only and always with Certificate",
  },
  cosmosConnectionString: {
    name: "CosmosDb",
    meaning: "Azure Cosmos DB, reached with a connection string.",
    expects: "AccountEndpoint=…;AccountKey=…; and not together with CosmosDb__accountEndpoint",
  },
  cosmosAccountEndpoint: {
    name: "CosmosDb__accountEndpoint",
    meaning: "Azure Cosmos DB, reached with a managed identity.",
    expects: "an https:// URL, and not together with CosmosDb",
  },
  cosmosClientId: {
    name: "CosmosDb__clientId",
    meaning: "User-assigned managed identity for Azure Cosmos DB. Without it, the app uses the system-assigned one.",
    expects: "a GUID; only with CosmosDb__accountEndpoint",
  },
  cosmosDatabaseName: {
    name: "CosmosDb__databaseName",
    meaning: "Database that holds the two containers.",
    expects: "a database name without / \\ # ?",
    default: "auth",
  },
  cosmosPreferredLocations: {
    name: "CosmosDb__preferredLocations",
    meaning:
      "Regions of the Azure Cosmos DB account. If one does not answer, the app reads from the next: see [deploy.md](deploy.md#more-than-one-region).",
    expects: "names of regions, separated by commas, first the one that writes",
  },
  idleTimeoutMinutes: {
    name: "Session__IdleTimeoutMinutes",
    meaning: "A session ends when it has not been used for this long.",
    expects: "a whole number of minutes from 1 to 43200, not above Session__AbsoluteTimeoutMinutes",
    default: "60",
  },
  absoluteTimeoutMinutes: {
    name: "Session__AbsoluteTimeoutMinutes",
    meaning: "A session ends this long after sign-in, however much it is used.",
    expects: "a whole number of minutes from 1 to 129600",
    default: "720",
  },
  revalidateMinutes: {
    name: "Session__RevalidateMinutes",
    meaning:
      "A session that has renewed no token for this long renews one at its next use. If the identity provider refuses for good, the session ends: see [how-it-works.md](how-it-works.md#revalidation). 0 turns it off.",
    expects: "a whole number of minutes from 0 to 129600",
    default: "60",
  },
  notBefore: {
    name: "Session__NotBefore",
    meaning:
      "Sessions whose sign-in began before this time are not served: everybody has to sign in again. A time in the future has no effect until it comes. `PUT /auth/not-before` does the same without a restart: see [runbook.md](runbook.md#everybody-out).",
    expects: "a time in ISO 8601 with its zone, such as 2026-12-01T18:00:00Z",
  },
  maxPerAccount: {
    name: "Session__MaxPerAccount",
    meaning: "How many sessions an account may have at once. A further sign-in ends the oldest.",
    expects: "a whole number from 1 to 50",
    default: "10",
  },
  persistentCookie: {
    name: "Session__PersistentCookie",
    meaning:
      "Whether people stay signed in when they close the browser, until the session times out. Not for shared computers.",
    expects: "true or false",
    default: "false",
  },
  cookieName: {
    name: "Session__CookieName",
    meaning:
      "Name of the session cookie. Unless it is `session`, the names of the app's other cookies begin with it and a hyphen. Apps on two ports of localhost need different names. Below the path `/orders` of a host, the default is `session.orders`.",
    expects: "1 to 64 characters of a token (RFC 9110 section 5.6.2), not beginning with two underscores",
    default: "session",
  },
  signOutScope: {
    name: "SignOut__Scope",
    meaning: "What a sign-out ends: all sessions of the account, or only those of the browser that signed out.",
    expects: "account or session",
    default: "account",
  },
  signOutSchedule: {
    name: "SignOut__FinishSchedule",
    meaning: "When the timer finishes sign-outs that could not be carried out at once.",
    expects: "an NCRONTAB expression of six fields, in UTC",
    default: "0 */5 * * * *",
  },
  signOutMaxAttempts: {
    name: "SignOut__MaxAttempts",
    meaning: "How often a waiting sign-out is tried before it is moved to the queue `sign-outs-poison`.",
    expects: "a whole number from 1 to 10000",
    default: "120",
  },
  signOutRetrySeconds: {
    name: "SignOut__RetrySeconds",
    meaning: "How long a sign-out waits in the queue after a failed attempt.",
    expects: "a whole number of seconds from 1 to 3600",
    default: "60",
  },
  directoryNotifications: {
    name: "Directory__Notifications",
    meaning:
      "Whether the directory ends sessions: Microsoft Graph notifies the app when an account is disabled, deleted or has its sessions revoked. Read [directory.md](directory.md) before you turn it on.",
    expects: "true or false",
    default: "false",
  },
  directoryTenantId: {
    name: "Directory__TenantId",
    meaning: "The tenant whose directory it is, unless `AzureAd__TenantId` is its GUID.",
    expects: "a GUID; always with Directory__Notifications unless AzureAd__TenantId is one",
  },
  directoryGraphUrl: {
    name: "Directory__GraphUrl",
    meaning: "Microsoft Graph, for notifications. By default, that of the cloud which `AzureAd__Instance` is in.",
    expects: "an https:// URL",
  },
  directorySchedule: {
    name: "Directory__Schedule",
    meaning:
      "When the timer renews the subscription, looks at the users that have changed, and, once a day, compares with the directory.",
    expects: "an NCRONTAB expression of six fields, in UTC",
    default: "30 */5 * * * *",
  },
  ...downstreamApiSettings,
  telemetrySampledPercentage: {
    name: "Telemetry__SampledPercentage",
    meaning: "Of all traces, the percentage whose spans the app sends. It always sends events, metrics and failures.",
    expects: "a whole number from 0 to 100",
    default: "100",
  },
} as const satisfies Record<string, Setting>;

/** The name of `SignOut__MaxAttempts` before 0.2. It counts if the new name is missing. */
export const formerMaxAttempts = "AzureFunctionsJobHost__extensions__queues__maxDequeueCount";
