import { hostSettings } from "../configuration/host-settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where telemetry goes; to both, if both are configured. */
export interface Destinations {
  readonly azureMonitor: AzureMonitor | undefined;
  /** Whether an OTLP endpoint is named. Its exporter reads OpenTelemetry's own variables. */
  readonly otlp: boolean;
  /** What is wrong with the settings, without their values. What they are about gets no telemetry. */
  readonly problems: readonly string[];
}

export interface AzureMonitor {
  readonly connectionString: string;
  /** The managed identity to sign in with; undefined for the instrumentation key alone. */
  readonly identity: { readonly clientId: string | undefined } | undefined;
}

export function destinationsOf(environment: Environment): Destinations {
  const { applicationInsights, applicationInsightsAuthentication, otlpEndpoint } = hostSettings;
  const connectionString = environment[applicationInsights.name];
  const endpoint = environment[otlpEndpoint.name];
  const problemsThere = connectionString ? connectionStringProblems(connectionString) : [];
  const problemsOfOtlp = endpoint ? otlpProblems(endpoint, environment) : [];
  const identity = parseAuthenticationString(environment[applicationInsightsAuthentication.name]);
  return {
    azureMonitor: connectionString && problemsThere.length === 0 ? { connectionString, identity } : undefined,
    otlp: Boolean(endpoint) && problemsOfOtlp.length === 0,
    problems: [...problemsThere, ...problemsOfOtlp],
  };
}

/** The exporter would throw for the key, and make https:// of every scheme. */
function connectionStringProblems(text: string): string[] {
  const parts = pairsOf(text);
  const { name } = hostSettings.applicationInsights;
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(parts.get("instrumentationkey") ?? "")) {
    return [`${name}: expects an InstrumentationKey that is a GUID`];
  }
  const endpoint = parts.get("ingestionendpoint");
  if (endpoint === undefined || URL.parse(endpoint)?.protocol === "https:") return [];
  return [`${name}: expects an IngestionEndpoint that is an https:// URL`];
}

function otlpProblems(endpoint: string, environment: Environment): string[] {
  const { otlpEndpoint, otlpProtocol } = hostSettings;
  const protocol = environment[otlpProtocol.name];
  const isUrl = /^https?:$/.test(URL.parse(endpoint)?.protocol ?? "");
  return [
    ...(isUrl ? [] : [`${otlpEndpoint.name}: expects ${otlpEndpoint.expects}`]),
    ...(protocol && protocol !== "http/protobuf" ? [`${otlpProtocol.name}: expects ${otlpProtocol.expects}`] : []),
  ];
}

function parseAuthenticationString(text: string | undefined): AzureMonitor["identity"] {
  const parts = pairsOf(text ?? "");
  if (parts.get("authorization")?.toUpperCase() !== "AAD") return undefined;
  return { clientId: parts.get("clientid") };
}

function pairsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(";").map((pair) => /^\s*([^=]+)=(.*)$/.exec(pair));
  return new Map(pairs.flatMap((match) => (match ? [[(match[1] ?? "").toLowerCase(), (match[2] ?? "").trim()]] : [])));
}
