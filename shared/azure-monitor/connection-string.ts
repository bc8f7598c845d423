import { isLoopback } from "../configuration/settings-reader.ts";
import { hostSettings } from "../configuration/host-settings.ts";

export interface AzureMonitorConnection {
  readonly instrumentationKey: string;
  readonly trackUrl: URL;
  /** Scope of tokens for the ingestion endpoint, which differs between clouds. */
  readonly scope: string;
}

const globalEndpoint = "https://dc.services.visualstudio.com";
const publicAudience = "https://monitor.azure.com";

/**
 * Reads from the connection string of Application Insights where telemetry goes.
 * @returns if the connection string is not valid, a text that says why, without its value
 */
export function parseConnectionString(text: string): AzureMonitorConnection | string {
  const parts = pairsOf(text);
  const instrumentationKey = parts.get("instrumentationkey") ?? "";
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(instrumentationKey)) {
    return `${hostSettings.applicationInsights.name}: expects an InstrumentationKey that is a GUID`;
  }
  const suffix = parts.get("endpointsuffix");
  const endpoint = parts.get("ingestionendpoint") ?? (suffix ? `https://dc.${suffix}` : globalEndpoint);
  const trackUrl = URL.canParse(endpoint) ? new URL(`${endpoint.replace(/\/$/, "")}/v2.1/track`) : undefined;
  const isAllowed =
    trackUrl?.protocol === "https:" || (trackUrl?.protocol === "http:" && isLoopback(trackUrl.hostname));
  if (!trackUrl || !isAllowed) {
    return `${hostSettings.applicationInsights.name}: expects an IngestionEndpoint that is an https:// URL (http:// only for a loopback address)`;
  }
  return { instrumentationKey, trackUrl, scope: `${parts.get("aadaudience") || publicAudience}/.default` };
}

/** How the app signs in to write telemetry: a managed identity, or undefined for the instrumentation key alone. */
export function parseAuthenticationString(
  text: string | undefined,
): { readonly clientId: string | undefined } | undefined {
  const parts = pairsOf(text ?? "");
  if (parts.get("authorization")?.toUpperCase() !== "AAD") return undefined;
  return { clientId: parts.get("clientid") };
}

function pairsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(";").map((pair) => /^\s*([^=]+)=(.*)$/.exec(pair));
  return new Map(pairs.flatMap((match) => (match ? [[(match[1] ?? "").toLowerCase(), (match[2] ?? "").trim()]] : [])));
}
