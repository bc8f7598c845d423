import type { TokenCredential } from "@azure/core-auth";
import type { PipelinePolicy } from "@azure/core-rest-pipeline";
import type { LogRecordExporter, ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { managedIdentity } from "../core/managed-identity.ts";
import { shared, whileAsked, withinDeadline } from "../core/waiting.ts";
import { typeOf } from "../telemetry/activity.ts";
import type { AzureMonitor } from "./destinations.ts";
import { withExport, type Exporters, type Note } from "./exporters.ts";

const tokenTimeoutMs = 3_000;

/** Otherwise, the exporters tell Microsoft about themselves, and send the resource's attributes with every batch. */
const unlessSet = {
  APPLICATION_INSIGHTS_NO_STATSBEAT: "true",
  APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED: "true",
};

/**
 * Microsoft's exporters. They keep on disk what they could not send, for two days, and report it as sent: so a policy of their
 * HTTP pipeline looks at the answers.
 */
export async function azureMonitorExporters(
  { connectionString, identity }: AzureMonitor,
  note: Note,
): Promise<Exporters> {
  for (const [name, value] of Object.entries(unlessSet)) process.env[name] ??= value;
  const { AzureMonitorTraceExporter, AzureMonitorLogExporter, AzureMonitorMetricExporter } =
    await import("./packages/azure-monitor.ts");
  const options = {
    connectionString,
    ...(identity && { credential: await credentialOf(identity.clientId, note) }),
    // What fails is kept on disk.
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [{ policy: watchingPolicy(note), position: "perRetry" as const }],
  };
  return {
    spans: new AzureMonitorTraceExporter(options),
    logs: asCustomEvents(new AzureMonitorLogExporter(options)),
    metrics: new AzureMonitorMetricExporter(options),
  };
}

/** The three exporters ask for the same token at once. The managed identity's client would go on asking for minutes. */
async function credentialOf(clientId: string | undefined, note: Note): Promise<TokenCredential> {
  const identity = await managedIdentity(clientId);
  let scopes: string | string[] = [];
  const ask = shared(async () => identity.getToken(scopes), whileAsked);
  return {
    async getToken(wanted) {
      scopes = wanted;
      return withinDeadline(AbortSignal.timeout(tokenTimeoutMs), ask()).catch((error: unknown) => {
        note(typeOf(error));
        throw error;
      });
    },
  };
}

function watchingPolicy(note: Note): PipelinePolicy {
  return {
    name: "watchingPolicy",
    async sendRequest(request, next) {
      const response = await next(request).catch((error: unknown) => {
        note(typeOf(error));
        throw error;
      });
      const { status } = response;
      // Redirects lead to another host of the service, which then answers.
      if (status >= 400) note(String(status));
      else if (status < 300) note(undefined);
      return response;
    },
  };
}

/** Events become rows of `AppEvents`, with numbers as measurements: only those can be summed up and averaged. */
function asCustomEvents(exporter: LogRecordExporter): LogRecordExporter {
  return withExport(exporter, (records, done) => exporter.export(records.map(asCustomEvent), done));
}

function asCustomEvent(entry: ReadableLogRecord): ReadableLogRecord {
  if (entry.eventName === undefined) return entry;
  const given = Object.entries(entry.attributes);
  const attributes = {
    ...Object.fromEntries(given.filter((one) => !isNumber(one))),
    "microsoft.custom_event.name": entry.eventName,
    "microsoft.custom_measurements": JSON.stringify(Object.fromEntries(given.filter(isNumber))),
  };
  return Object.create(entry, { attributes: { value: attributes } }) as ReadableLogRecord;
}

function isNumber([, value]: readonly [name: string, value: unknown]): boolean {
  return typeof value === "number";
}
