import type { Setting } from "./settings.ts";

/** A setting of the Functions host that the app needs or benefits from. */
export interface HostSetting extends Setting {
  /** Whether infra/ sets it. If not, `meaning` says why. */
  readonly deployed: boolean;
}

/** The host's own settings, as far as they matter to the app. In Azure they stand beside the app's. */
export const hostSettings = {
  storage: {
    name: "AzureWebJobsStorage",
    meaning:
      "The host's storage account, reached with a connection string, which holds its key. The app keeps waiting sign-outs in its queues.",
    expects: "a connection string, and not together with AzureWebJobsStorage__credential",
    deployed: false,
  },
  storageCredential: {
    name: "AzureWebJobsStorage__credential",
    meaning: "The host's storage account, reached with a managed identity.",
    expects: "managedidentity",
    deployed: true,
  },
  storageClientId: {
    name: "AzureWebJobsStorage__clientId",
    meaning: "User-assigned managed identity for the storage account.",
    expects: "a GUID; only with AzureWebJobsStorage__credential",
    deployed: true,
  },
  storageAccountName: {
    name: "AzureWebJobsStorage__accountName",
    meaning: "The storage account by its name, in the public cloud.",
    expects: "a name, instead of the URLs; only with AzureWebJobsStorage__credential",
    deployed: false,
  },
  blobServiceUri: {
    name: "AzureWebJobsStorage__blobServiceUri",
    meaning: "Where the host keeps leases and function keys.",
    expects: "an https:// URL; only with AzureWebJobsStorage__credential",
    deployed: true,
  },
  queueServiceUri: {
    name: "AzureWebJobsStorage__queueServiceUri",
    meaning: "Where the app keeps sign-outs that could not be carried out at once.",
    expects: "an https:// URL; only with AzureWebJobsStorage__credential",
    deployed: true,
  },
  disableHomepage: {
    name: "AzureWebJobsDisableHomepage",
    meaning: "Makes `/` show the app's page instead of the host's.",
    expects: "true",
    deployed: true,
  },
  routePrefix: {
    name: "AzureFunctionsJobHost__extensions__http__routePrefix",
    meaning:
      "What the host's paths begin with, if `PublicBaseUrl` has a path and the proxy in front of the app keeps it ([deploy.md](deploy.md#a-path-of-a-domain)). host.json keeps its empty `routePrefix`.",
    expects: "the path of PublicBaseUrl without slashes around it",
    deployed: false,
  },
  applicationInsights: {
    name: "APPLICATIONINSIGHTS_CONNECTION_STRING",
    meaning: "Where telemetry goes. Without it, there is only the log.",
    expects: "the connection string of Application Insights",
    deployed: true,
  },
  applicationInsightsAuthentication: {
    name: "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    meaning: "Managed identity with which telemetry is sent.",
    expects: "ClientId=…;Authorization=AAD",
    deployed: true,
  },
  otlpEndpoint: {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    meaning:
      "Where telemetry goes by OTLP, instead of or beside Application Insights: Grafana, Datadog or a collector ([operations.md](operations.md#send-telemetry-elsewhere)).",
    expects: "an http:// or https:// URL",
    deployed: false,
  },
  otlpHeaders: {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    meaning: "Header fields sent with it, such as the key of that service.",
    expects: "name=value,… with percent-encoded values",
    deployed: false,
  },
  otlpProtocol: {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    meaning: "How it is sent. Set it also for the host, whose default is `grpc`.",
    expects: "http/protobuf",
    deployed: false,
  },
} as const satisfies Record<string, HostSetting>;

/** The host's settings that the app reads, too, because its queue is in the host's storage account. */
export const storageSettings = [
  hostSettings.storage,
  hostSettings.storageAccountName,
  hostSettings.queueServiceUri,
  hostSettings.storageClientId,
].map(({ name }) => name);

/** The platform sets this, never a person. It names the app's host unless `PublicBaseUrl` is set. */
export const platformHostName = "WEBSITE_HOSTNAME";
