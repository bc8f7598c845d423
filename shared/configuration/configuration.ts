import { createPrivateKey, X509Certificate } from "node:crypto";
import { isLoopback, SettingsReader, type Environment, type SettingProblem } from "./settings-reader.ts";
import { formerMaxAttempts, hostSettings, platformHostName, settings } from "./settings.ts";

export type ClientCredential =
  | { readonly kind: "managedIdentity"; readonly clientId: string }
  | { readonly kind: "secret"; readonly secret: string }
  | { readonly kind: "certificate"; readonly pem: string };

export type CosmosConnection =
  | { readonly kind: "connectionString"; readonly connectionString: string }
  | { readonly kind: "identity"; readonly endpoint: string; readonly clientId: string | undefined };

export type QueueConnection =
  | { readonly kind: "connectionString"; readonly connectionString: string }
  | { readonly kind: "identity"; readonly serviceUri: string; readonly clientId: string | undefined };

export interface DownstreamApiConfiguration {
  readonly name: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly scopes: readonly string[];
}

export interface Configuration {
  /** Origin, without a trailing slash. */
  readonly publicBaseUrl: string;
  readonly azureAd: {
    /** With a trailing slash. */
    readonly instance: string;
    readonly tenantId: string;
    readonly isMultiTenant: boolean;
    /** Lower case. Empty: every tenant of the authority. */
    readonly allowedTenants: readonly string[];
    readonly clientId: string;
    /** What a sign-in may ask for, if one of the app's pages says so. */
    readonly extraScopes: readonly string[];
    readonly credential: ClientCredential;
  };
  readonly cosmosDb: { readonly connection: CosmosConnection; readonly databaseName: string };
  readonly session: {
    readonly idleTimeoutMinutes: number;
    readonly absoluteTimeoutMinutes: number;
    readonly maxPerAccount: number;
    /** Whether the cookie outlives the browser. */
    readonly persistentCookie: boolean;
    /** Without the browser's prefix. */
    readonly cookieName: string;
  };
  readonly signOut: {
    readonly scope: "account" | "session";
    /** Storage account whose queue holds deferred sign-outs. Undefined if there is none: then none can be deferred. */
    readonly queue: QueueConnection | undefined;
    /** NCRONTAB. */
    readonly finishSchedule: string;
    readonly maxAttempts: number;
    readonly retrySeconds: number;
  };
  readonly telemetry: { readonly sampledPercentage: number };
  /** By name. The first one's scopes are asked for at sign-in; `graph` is first where it exists. */
  readonly downstreamApis: ReadonlyMap<string, DownstreamApiConfiguration>;
}

/** The environment does not make a configuration; `problems` names every setting at fault, not only the first. */
export class ConfigurationError extends Error {
  readonly code = "configuration_invalid";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ setting, problem }) => `${setting}: ${problem}`).join("\n"));
    this.name = "ConfigurationError";
    this.problems = problems;
  }
}

const multiTenantAuthorities = new Set(["organizations", "common", "consumers"]);
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const domainName = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/i;
const apiName = /^[a-z0-9][a-z0-9-]{0,31}$/i;

/**
 * Turns the environment into the app's configuration.
 * @throws {ConfigurationError} with every setting that is missing, malformed or contradicts another.
 */
export function loadConfiguration(environment: Environment): Configuration {
  const read = new SettingsReader(environment);
  const configuration: Configuration = {
    publicBaseUrl: readPublicBaseUrl(read),
    azureAd: readAzureAd(read),
    cosmosDb: readCosmosDb(read),
    session: readSession(read),
    signOut: readSignOut(read),
    telemetry: { sampledPercentage: readSampledPercentage(read) },
    downstreamApis: readDownstreamApis(read),
  };
  if (read.problems.length > 0) throw new ConfigurationError(read.problems);
  return deepFreeze(configuration);
}

function readPublicBaseUrl(read: SettingsReader): string {
  const hostName = read.raw(platformHostName);
  const value = read.optional(settings.publicBaseUrl) ?? (hostName && `https://${hostName}`);
  if (!value) return read.fail(settings.publicBaseUrl, "is missing");
  const url = URL.parse(value);
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && url.hostname === "localhost");
  if (!url || !secure || url.href !== `${url.origin}/`) return read.fail(settings.publicBaseUrl);
  return url.origin;
}

function readAzureAd(read: SettingsReader): Configuration["azureAd"] {
  const instance = read.url(settings.instance, "https only", "https://login.microsoftonline.com/");
  const tenantId = read.required(settings.tenantId, (value) => {
    return guid.test(value) || domainName.test(value) || multiTenantAuthorities.has(value.toLowerCase());
  });
  const isMultiTenant = multiTenantAuthorities.has(tenantId.toLowerCase());
  const allowedTenants = readAllowedTenants(read, isMultiTenant);
  return {
    instance: instance.endsWith("/") ? instance : `${instance}/`,
    tenantId: tenantId.toLowerCase(),
    isMultiTenant,
    allowedTenants,
    clientId: read.required(settings.clientId, (value) => guid.test(value)).toLowerCase(),
    extraScopes: readExtraScopes(read),
    credential: readCredential(read),
  };
}

function readExtraScopes(read: SettingsReader): readonly string[] {
  const scopes = (read.optional(settings.extraScopes) ?? "").split(/\s+/).filter(Boolean);
  // A scope-token (RFC 6749 section 3.3), a name or a URI.
  if (!scopes.every((scope) => /^[a-z\d][\x21\x23-\x5b\x5d-\x7e]*$/i.test(scope))) read.fail(settings.extraScopes);
  return scopes;
}

function readAllowedTenants(read: SettingsReader, isMultiTenant: boolean): readonly string[] {
  const list = (read.optional(settings.allowedTenants) ?? "").split(/[\s,]+/).filter(Boolean);
  if (list.some((tenant) => !guid.test(tenant))) read.fail(settings.allowedTenants);
  if (list.length > 0 && !isMultiTenant) {
    read.fail(settings.allowedTenants, `contradicts ${settings.tenantId.name}, which already names one tenant`);
  }
  return list.map((tenant) => tenant.toLowerCase());
}

function readCredential(read: SettingsReader): ClientCredential {
  const kinds = ["SignedAssertionFromManagedIdentity", "ClientSecret", "Certificate"] as const;
  const sourceType = read.oneOf(settings.credentialSourceType, kinds);
  const belongsTo = {
    SignedAssertionFromManagedIdentity: settings.managedIdentityClientId,
    ClientSecret: settings.clientSecret,
    Certificate: settings.certificate,
  };
  for (const kind of kinds) {
    if (sourceType && kind !== sourceType && read.optional(belongsTo[kind])) {
      read.fail(belongsTo[kind], `contradicts ${settings.credentialSourceType.name}, which is ${sourceType}`);
    }
  }
  if (sourceType === "ClientSecret") return { kind: "secret", secret: read.required(settings.clientSecret) };
  if (sourceType === "Certificate") {
    const pem = withLineBreaks(read.required(settings.certificate, isCertificateWithKey));
    return { kind: "certificate", pem };
  }
  const clientId = sourceType ? read.required(settings.managedIdentityClientId, (id) => guid.test(id)) : "";
  return { kind: "managedIdentity", clientId };
}

/** PKCS #8 alone: it is what signs the client assertion. */
function isCertificateWithKey(value: string): boolean {
  const pem = withLineBreaks(value);
  const key = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----/.exec(pem)?.[0];
  try {
    return key !== undefined && new X509Certificate(pem).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** App settings that cannot hold line breaks hold "\\n" instead. */
function withLineBreaks(pem: string): string {
  return pem.replaceAll(String.raw`\n`, "\n");
}

function readCosmosDb(read: SettingsReader): Configuration["cosmosDb"] {
  const databaseName = read.optional(settings.cosmosDatabaseName, (name) => /^[^/\\#?]{1,255}$/.test(name)) ?? "auth";
  return { connection: readCosmosConnection(read), databaseName };
}

function readCosmosConnection(read: SettingsReader): CosmosConnection {
  const connectionString = read.optional(settings.cosmosConnectionString, isCosmosConnectionString);
  const endpoint = read.optional(settings.cosmosAccountEndpoint);
  const clientId = read.optional(settings.cosmosClientId, (id) => guid.test(id));
  if (connectionString !== undefined) {
    for (const other of [settings.cosmosAccountEndpoint, settings.cosmosClientId]) {
      if (read.optional(other))
        read.fail(other, `contradicts ${settings.cosmosConnectionString.name}, which is set too`);
    }
    return { kind: "connectionString", connectionString };
  }
  if (endpoint === undefined) {
    if (!read.optional(settings.cosmosConnectionString)) {
      read.fail(settings.cosmosConnectionString, `is missing, and so is ${settings.cosmosAccountEndpoint.name}`);
    }
    return { kind: "identity", endpoint: "", clientId };
  }
  return { kind: "identity", endpoint: read.url(settings.cosmosAccountEndpoint, "https only"), clientId };
}

function isCosmosConnectionString(value: string): boolean {
  // As strict as the SDK, which would throw at the first request.
  const endpoint = URL.parse(/(?:^|;)AccountEndpoint=([^;]+)/.exec(value)?.[1] ?? "");
  return endpoint !== null && isConfidential(endpoint) && /(?:^|;)AccountKey=[^;]+/.test(value);
}

function readSession(read: SettingsReader): Configuration["session"] {
  const idleTimeoutMinutes = read.integer(settings.idleTimeoutMinutes, { min: 1, max: 43_200, default: 60 });
  const absoluteTimeoutMinutes = read.integer(settings.absoluteTimeoutMinutes, { min: 1, max: 129_600, default: 720 });
  if (idleTimeoutMinutes > absoluteTimeoutMinutes) {
    read.fail(settings.idleTimeoutMinutes, `contradicts ${settings.absoluteTimeoutMinutes.name}, which is shorter`);
  }
  const maxPerAccount = read.integer(settings.maxPerAccount, { min: 1, max: 50, default: 10 });
  const persistentCookie = read.oneOf(settings.persistentCookie, ["true", "false"], "false") === "true";
  const cookieName = read.optional(settings.cookieName, isCookieName) ?? "session";
  return { idleTimeoutMinutes, absoluteTimeoutMinutes, maxPerAccount, persistentCookie, cookieName };
}

/** A token of RFC 9110 section 5.6.2, as RFC 6265 asks. `__Host-` and its like are the browser's: the app adds them itself. */
function isCookieName(name: string): boolean {
  return /^(?!__)[\w!#$%&'*+.^`|~-]{1,64}$/.test(name);
}

function readSignOut(read: SettingsReader): Configuration["signOut"] {
  const schedule = read.optional(settings.signOutSchedule, (value) => /^(\S+\s+){5}\S+$/.test(value));
  const former = { ...settings.signOutMaxAttempts, name: formerMaxAttempts };
  const attempts = read.raw(settings.signOutMaxAttempts.name) === undefined ? former : settings.signOutMaxAttempts;
  return {
    scope: read.oneOf(settings.signOutScope, ["account", "session"], "account"),
    queue: readQueueConnection(read),
    finishSchedule: schedule ?? settings.signOutSchedule.default,
    maxAttempts: read.integer(attempts, { min: 1, max: 10_000, default: 120 }),
    retrySeconds: read.integer(settings.signOutRetrySeconds, { min: 1, max: 3600, default: 60 }),
  };
}

/** As the Functions host reads its own storage account: these settings are the host's, which says what is wrong with them. */
function readQueueConnection(read: SettingsReader): QueueConnection | undefined {
  const connectionString = read.raw(hostSettings.storage.name);
  if (connectionString !== undefined) return { kind: "connectionString", connectionString };
  const accountName = read.raw(hostSettings.storageAccountName.name);
  const serviceUri =
    read.raw(hostSettings.queueServiceUri.name) ?? (accountName && `https://${accountName}.queue.core.windows.net`);
  if (serviceUri === undefined) return undefined;
  return { kind: "identity", serviceUri, clientId: read.raw(hostSettings.storageClientId.name) };
}

function readSampledPercentage(read: SettingsReader): number {
  return read.integer(settings.telemetrySampledPercentage, { min: 0, max: 100, default: 100 });
}

function readDownstreamApis(read: SettingsReader): ReadonlyMap<string, DownstreamApiConfiguration> {
  const names = read.names(/^DownstreamApis__(.+?)__(?:BaseUrl|Scopes)$/i);
  if (names.length === 0) {
    const graph = { name: "graph", baseUrl: "https://graph.microsoft.com/v1.0", scopes: ["User.Read"] };
    return new Map([["graph", graph]]);
  }
  names.sort((a, b) => Number(b === "graph") - Number(a === "graph") || a.localeCompare(b));
  return new Map(names.map((name) => [name, readDownstreamApi(read, name)]));
}

function readDownstreamApi(read: SettingsReader, name: string): DownstreamApiConfiguration {
  const baseUrlSetting = { ...settings.downstreamBaseUrl, name: `DownstreamApis__${name}__BaseUrl` };
  const scopesSetting = { ...settings.downstreamScopes, name: `DownstreamApis__${name}__Scopes` };
  if (!apiName.test(name)) {
    read.fail(baseUrlSetting, "has an unusable API name; expected letters, digits and hyphens, at most 32");
  }
  const baseUrl = read.url(baseUrlSetting, "https or loopback");
  const scopes = read.required(scopesSetting).split(/\s+/).filter(Boolean);
  return { name, baseUrl: baseUrl.replace(/\/+$/, ""), scopes };
}

/** Whether what is sent to `url` stays between the two ends: TLS, or a loopback address. */
function isConfidential(url: URL): boolean {
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
}

function deepFreeze<T>(value: T): T {
  if (value instanceof Map) [...value.values()].forEach(deepFreeze);
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
