import { downstreamApiSettings } from "./downstream-api-settings.ts";
import { directorySettings } from "./directory-settings.ts";
import { sessionSettings } from "./session-settings.ts";
import type { Setting } from "./setting.ts";

export type { Setting } from "./setting.ts";

/** Every setting that the app reads. Their names are only here and in the files `…-settings.ts` beside this one. */
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
  clientSecretExpires: {
    name: "AzureAd__ClientCredentials__0__ClientSecretExpires",
    meaning:
      "When the client secret expires. From 30 days before, the app [says so](operations.md#rotate): only the registration knows otherwise. A certificate says it itself.",
    expects: "a date such as 2027-06-01, or a time in ISO 8601 with its zone; only with ClientSecret",
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
  ...sessionSettings,
  ...directorySettings,
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
