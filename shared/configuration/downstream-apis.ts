import type { SettingsReader } from "./settings-reader.ts";
import { settings } from "./settings.ts";

export interface DownstreamApiConfiguration {
  readonly name: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly scopes: readonly string[];
}

const apiName = /^[a-z0-9][a-z0-9-]{0,31}$/i;

export function readDownstreamApis(read: SettingsReader): ReadonlyMap<string, DownstreamApiConfiguration> {
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
