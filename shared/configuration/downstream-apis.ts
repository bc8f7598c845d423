import { downstreamApiSettings, type DownstreamApiSetting } from "./downstream-api-settings.ts";
import { nearestOf } from "./nearest.ts";
import type { SettingsReader } from "./settings-reader.ts";
import type { Setting } from "./setting.ts";

export interface DownstreamApiConfiguration {
  readonly name: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly scopes: readonly string[];
  /** Whether a browser's path may have `%2F` in it. The app's own functions may in any case. */
  readonly allowEncodedSlashes: boolean;
  /** What browsers may keep of its answers: nothing, or what they check before each use. */
  readonly caching: "no-store" | "private";
}

const apiName = /^[a-z0-9][a-z0-9-]{0,31}$/i;

/** What an API's settings are called after its name. */
const members = Object.values<Setting>(downstreamApiSettings).map(({ name }) => name.replace(/^.*<name>__/, ""));
const known = new RegExp(`^DownstreamApis__(.+?)__(?:${members.join("|")})$`, "i");

export function readDownstreamApis(read: SettingsReader): ReadonlyMap<string, DownstreamApiConfiguration> {
  refuseUnknown(read);
  const names = read.names(known);
  if (names.length === 0) {
    const graph = { name: "graph", baseUrl: "https://graph.microsoft.com/v1.0", scopes: ["User.Read"] };
    return new Map([["graph", { ...graph, allowEncodedSlashes: false, caching: "no-store" }]]);
  }
  names.sort((a, b) => Number(b === "graph") - Number(a === "graph") || a.localeCompare(b));
  return new Map(names.map((name) => [name, readDownstreamApi(read, name)]));
}

/** A misspelt limit would be none. */
function refuseUnknown(read: SettingsReader): void {
  for (const setting of read.names(/^(DownstreamApis__.*)$/i).filter((each) => !known.test(each))) {
    const [, api = "", member = ""] = setting.split("__");
    const nearest = `DownstreamApis__${api}__${nearestOf(member, members)}`;
    read.refuse(setting, `is no setting of an API; the nearest is ${nearest}`);
  }
}

function readDownstreamApi(read: SettingsReader, name: string): DownstreamApiConfiguration {
  const settings = settingsOf(name);
  if (!apiName.test(name)) {
    read.fail(settings.downstreamBaseUrl, "has an unusable API name; expected letters, digits and hyphens, at most 32");
  }
  const baseUrl = read.url(settings.downstreamBaseUrl, "https or loopback");
  return {
    name,
    baseUrl: baseUrl.replace(/\/+$/, ""),
    scopes: read.required(settings.downstreamScopes).split(/\s+/).filter(Boolean),
    allowEncodedSlashes: isTrue(read, settings.downstreamAllowEncodedSlashes),
    caching: read.oneOf(settings.downstreamCaching, ["no-store", "private"], "no-store"),
  };
}

/** The settings as they are called for this API. */
function settingsOf(name: string): Record<DownstreamApiSetting, Setting> {
  const named = Object.entries<Setting>(downstreamApiSettings).map(([key, setting]) => {
    return [key, { ...setting, name: setting.name.replace("<name>", name) }];
  });
  return Object.fromEntries(named) as Record<DownstreamApiSetting, Setting>;
}

function isTrue(read: SettingsReader, setting: Setting): boolean {
  return read.oneOf(setting, ["true", "false"], "false") === "true";
}
