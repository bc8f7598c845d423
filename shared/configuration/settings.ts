import { downstreamApiSettings } from "./downstream-api-settings.ts";
import type { Setting } from "./setting.ts";

export type { Setting } from "./setting.ts";

/** Every setting the app reads. Their names stand here and in downstream-api-settings.ts alone. */
export const settings = {
  publicBaseUrl: {
    name: "PublicBaseUrl",
    meaning: "Origin of the app as browsers see it.",
    expects: "an https:// origin without a path (http:// only for localhost)",
    default: "https:// followed by WEBSITE_HOSTNAME",
  },
  instance: {
    name: "AzureAd__Instance",
    meaning: "Base URL of the identity provider.",
    expects: "an https:// URL",
    default: "https://login.microsoftonline.com/",
  },
  tenantId: {
    name: "AzureAd__TenantId",
    meaning: "Who may sign in: one tenant, or a multi-tenant authority.",
    expects: "a tenant's GUID or domain name, or one of organizations, common, consumers",
  },
  allowedTenants: {
    name: "AzureAd__AllowedTenants",
    meaning: "Tenant ids let in when the authority is multi-tenant. Without it, every tenant of the authority is.",
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
      "Scopes that a page of the app may ask people to agree to with `/auth/login?scope=`, beside those of the configured APIs.",
    expects: "scopes separated by spaces",
  },
  credentialSourceType: {
    name: "AzureAd__ClientCredentials__0__SourceType",
    meaning: "How the app proves itself to the identity provider.",
    expects: "SignedAssertionFromManagedIdentity, ClientSecret or Certificate",
  },
  managedIdentityClientId: {
    name: "AzureAd__ClientCredentials__0__ManagedIdentityClientId",
    meaning: "User-assigned managed identity trusted as federated credential. Entra accepts no system-assigned one.",
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
    meaning: "Azure Cosmos DB by connection string.",
    expects: "AccountEndpoint=…;AccountKey=…; and not together with CosmosDb__accountEndpoint",
  },
  cosmosAccountEndpoint: {
    name: "CosmosDb__accountEndpoint",
    meaning: "Azure Cosmos DB by managed identity.",
    expects: "an https:// URL, and not together with CosmosDb",
  },
  cosmosClientId: {
    name: "CosmosDb__clientId",
    meaning: "User-assigned managed identity for Azure Cosmos DB. Without it, the system-assigned one.",
    expects: "a GUID; only with CosmosDb__accountEndpoint",
  },
  cosmosDatabaseName: {
    name: "CosmosDb__databaseName",
    meaning: "Database that holds the two containers.",
    expects: "a database name without / \\ # ?",
    default: "auth",
  },
  idleTimeoutMinutes: {
    name: "Session__IdleTimeoutMinutes",
    meaning: "A session that is not used for this long ends.",
    expects: "a whole number of minutes from 1 to 43200, not above Session__AbsoluteTimeoutMinutes",
    default: "60",
  },
  absoluteTimeoutMinutes: {
    name: "Session__AbsoluteTimeoutMinutes",
    meaning: "A session ends this long after sign-in, however much it is used.",
    expects: "a whole number of minutes from 1 to 129600",
    default: "720",
  },
  maxPerAccount: {
    name: "Session__MaxPerAccount",
    meaning: "Sessions an account may have at once; the oldest makes room.",
    expects: "a whole number from 1 to 50",
    default: "10",
  },
  persistentCookie: {
    name: "Session__PersistentCookie",
    meaning:
      "Whether people stay signed in when they close the browser, until the session ends by its times. Not for shared computers.",
    expects: "true or false",
    default: "false",
  },
  cookieName: {
    name: "Session__CookieName",
    meaning:
      "Name of the session cookie, and with a hyphen the beginning of the app's other cookies. Apps of one host, or of two ports of localhost, need a name each.",
    expects: "1 to 64 characters of a token (RFC 9110 section 5.6.2), not beginning with two underscores",
    default: "session",
  },
  signOutScope: {
    name: "SignOut__Scope",
    meaning: "What a sign-out ends: every session of the account, or those of the browser that signed out.",
    expects: "account or session",
    default: "account",
  },
  signOutSchedule: {
    name: "SignOut__FinishSchedule",
    meaning: "When the timer looks for sign-outs that the store could not take.",
    expects: "an NCRONTAB expression of six fields, in UTC",
    default: "0 */5 * * * *",
  },
  signOutMaxAttempts: {
    name: "SignOut__MaxAttempts",
    meaning: "Attempts at a sign-out that waits in the queue, before it is put aside in `sign-outs-poison`.",
    expects: "a whole number from 1 to 10000",
    default: "120",
  },
  signOutRetrySeconds: {
    name: "SignOut__RetrySeconds",
    meaning: "After a failed attempt the sign-out waits this long in the queue.",
    expects: "a whole number of seconds from 1 to 3600",
    default: "60",
  },
  ...downstreamApiSettings,
  telemetrySampledPercentage: {
    name: "Telemetry__SampledPercentage",
    meaning:
      "Of the traces that arrive sampled, the share whose spans the app sends. Events and metrics are always sent.",
    expects: "a whole number from 0 to 100",
    default: "100",
  },
} as const satisfies Record<string, Setting>;

/** What `SignOut__MaxAttempts` was called before 0.2. It counts where the new name is missing. */
export const formerMaxAttempts = "AzureFunctionsJobHost__extensions__queues__maxDequeueCount";
