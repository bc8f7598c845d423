import { readPaths } from "./api-paths.ts";
import { cloudOfGraph, knownCloud } from "./clouds.ts";
import { downstreamApiSettings, type DownstreamApiSetting } from "./downstream-api-settings.ts";
import { readFixedHeaders } from "./fixed-headers.ts";
import { resourcesOf } from "./scopes.ts";
import type { SettingsReader } from "./settings-reader.ts";
import type { Setting } from "./setting.ts";

/** Whose token an API is called with: the signed-in person's, the app's own, or none. */
export type TokenKind = (typeof tokenKinds)[number];

const tokenKinds = ["UserToken", "AppToken", "Anonymous"] as const;
const allMethods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** What an API's configuration depends on besides its own settings. */
export interface OfTheApp {
  /** Whether people of several tenants sign in: then the app has no tenant that gives it tokens of its own. */
  readonly isMultiTenant: boolean;
  /** Such as `login.microsoftonline.com`. */
  readonly authorityHost: string;
  readonly basePath: string;
}

export interface DownstreamApiConfiguration {
  readonly name: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Where browsers call it, such as `/api/graph`. */
  readonly publicPath: string;
  readonly token: TokenKind;
  /** Scopes that people sign in for. Empty unless the API is called with their token. */
  readonly scopes: readonly string[];
  /** Scope of the app's own token; undefined unless the API is called with that. */
  readonly appScope: string | undefined;
  /** Header fields of every call, by name in lower case. Their values may be secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** What browsers may call. The app's own functions may call anything. */
  readonly methods: readonly string[];
  /** Expressions for paths below the base URL, without a leading slash. */
  readonly paths: readonly RegExp[] | undefined;
  /** Whether it may be called only for somebody who is signed in. If not, it is called without a token. */
  readonly requireSession: boolean;
  /** Of which a person needs one. */
  readonly roles: readonly string[] | undefined;
  readonly allowEncodedSlashes: boolean;
  readonly maxRequestBytes: number;
  /** Time limit from the end of the request to the beginning of the answer. */
  readonly timeoutSeconds: number;
  /** Time limit between two pieces of the answer. */
  readonly idleTimeoutSeconds: number;
  /** What browsers may keep of the API's answers: nothing, or what they revalidate before each use. */
  readonly caching: "no-store" | "private";
}

const apiName = /^[a-z0-9][a-z0-9-]{0,31}$/i;

export function readDownstreamApi(
  read: SettingsReader,
  name: string,
  { isMultiTenant, authorityHost, basePath }: OfTheApp,
): DownstreamApiConfiguration {
  const settings = settingsOf(name);
  if (!apiName.test(name)) {
    const expected = "expected letters, digits and hyphens, at most 32";
    read.refuse(settings.downstreamBaseUrl.name, `has an API name that cannot be used; ${expected}`);
  }
  const token = readToken(read, settings, isMultiTenant);
  const scopes = readScopes(read, settings.downstreamScopes, token);
  return {
    name,
    baseUrl: readBaseUrl(read, settings.downstreamBaseUrl, authorityHost),
    publicPath: `${basePath}/api/${name}`,
    token,
    scopes: token === "UserToken" ? scopes : [],
    appScope: token === "AppToken" ? scopes[0] : undefined,
    headers: readFixedHeaders(read, settings.downstreamHeader, token === "Anonymous"),
    methods: readMethods(read, settings.downstreamMethods),
    paths: readPaths(read, settings.downstreamPaths),
    requireSession: readRequireSession(read, settings, token),
    roles: read.optional(settings.downstreamRequireRole)?.split(/\s+/),
    allowEncodedSlashes: read.oneOf(settings.downstreamAllowEncodedSlashes, ["true", "false"], "false") === "true",
    caching: read.oneOf(settings.downstreamCaching, ["no-store", "private"], "no-store"),
    ...readLimits(read, settings),
  };
}

/** A token that a cloud has issued must not reach Microsoft Graph of another, which cannot use it. */
function readBaseUrl(read: SettingsReader, setting: Setting, authorityHost: string): string {
  const url = read.url(setting, "https or loopback");
  const [cloud, graphCloud] = [knownCloud(authorityHost), cloudOfGraph(URL.parse(url)?.origin ?? "")];
  if (cloud && graphCloud && cloud !== graphCloud) {
    const known = cloud.graphs.join(" or ");
    read.refuse(setting.name, `is Microsoft Graph of another cloud than AzureAd__Instance; there it is ${known}`);
  }
  return url.replace(/\/+$/, "");
}

type Settings = Record<DownstreamApiSetting, Setting>;

/** The API's settings, by their full names. */
function settingsOf(name: string): Settings {
  const named = Object.entries<Setting>(downstreamApiSettings).map(([key, setting]) => {
    return [key, { ...setting, name: setting.name.replace("<name>", name) }];
  });
  return Object.fromEntries(named) as Settings;
}

function readLimits(read: SettingsReader, settings: Settings) {
  const { downstreamMaxRequestBytes, downstreamTimeoutSeconds, downstreamIdleTimeoutSeconds } = settings;
  return {
    maxRequestBytes: read.integer(downstreamMaxRequestBytes, { min: 0, max: 1e12, default: 104_857_600 }),
    timeoutSeconds: read.integer(downstreamTimeoutSeconds, { min: 1, max: 230, default: 30 }),
    idleTimeoutSeconds: read.integer(downstreamIdleTimeoutSeconds, { min: 1, max: 3_600, default: 100 }),
  };
}

function readToken(read: SettingsReader, { downstreamToken: setting }: Settings, isMultiTenant: boolean): TokenKind {
  const token = read.oneOf(setting, tokenKinds, "UserToken");
  if (token === "AppToken" && isMultiTenant)
    read.fail(setting, "contradicts AzureAd__TenantId, which names no one tenant");
  return token;
}

function readRequireSession(read: SettingsReader, settings: Settings, token: TokenKind): boolean {
  const setting = settings.downstreamRequireSession;
  if (read.oneOf(setting, ["true", "false"], "true") === "true") return true;
  const needsPerson =
    token !== "Anonymous" ||
    read.optional(settings.downstreamRequireRole) !== undefined ||
    read.oneOf(settings.downstreamCaching, ["no-store", "private"], "no-store") === "private";
  if (needsPerson) read.fail(setting);
  return false;
}

function readScopes(read: SettingsReader, setting: Setting, token: TokenKind): readonly string[] {
  if (token === "Anonymous") {
    if (read.optional(setting) !== undefined) read.fail(setting, "contradicts Anonymous: there is no token to ask for");
    return [];
  }
  const scopes = read.required(setting).split(/\s+/).filter(Boolean);
  const resources = resourcesOf(scopes);
  if (resources.length > 1) read.fail(setting, "has scopes of several resources, and a token is for one");
  const isAppScope = scopes.length === 1 && /.\/\.default$/.test(scopes[0] ?? "");
  if (token === "AppToken" && scopes.length > 0 && !isAppScope) read.fail(setting);
  return scopes;
}

function readMethods(read: SettingsReader, setting: Setting): readonly string[] {
  const methods =
    read
      .optional(setting)
      ?.toUpperCase()
      .split(/[\s,]+/) ?? allMethods;
  if (!methods.every((method) => allMethods.includes(method))) read.fail(setting);
  return methods.includes("GET") ? [...new Set([...methods, "HEAD"])] : methods;
}
