import { readDownstreamApi, type DownstreamApiConfiguration } from "./downstream-api.ts";
import { downstreamApiSettings } from "./downstream-api-settings.ts";
import { nearestOf } from "./nearest.ts";
import { SettingsReader } from "./settings-reader.ts";
import type { Setting } from "./setting.ts";

export type { DownstreamApiConfiguration } from "./downstream-api.ts";

/** What an API's settings are called after its name. */
const members = Object.values<Setting>(downstreamApiSettings).map(({ name }) => name.replace(/^.*?<name>__/, ""));
const patterns = members.map((member) => member.replace("<Name>", ".+"));
const known = new RegExp(`^DownstreamApis__(.+?)__(?:${patterns.join("|")})$`, "i");

/** @param isMultiTenant whether people of several tenants sign in: then no tenant gives tokens to the app itself */
export function readDownstreamApis(
  read: SettingsReader,
  isMultiTenant: boolean,
): ReadonlyMap<string, DownstreamApiConfiguration> {
  refuseUnknown(read);
  const names = read.names(known);
  const given = names.filter((name) => name !== "graph" || !isWithoutGraph(read));
  const apis = given.map((name) => readDownstreamApi(read, name, isMultiTenant));
  if (!names.includes("graph")) apis.push(readDownstreamApi(new SettingsReader(usualGraph), "graph", isMultiTenant));
  apis.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return new Map(apis.map((api) => [api.name, api]));
}

/** An API of one's own comes beside Microsoft Graph, and not in its place: that has to be said. */
const usualGraph = {
  DownstreamApis__graph__BaseUrl: "https://graph.microsoft.com/v1.0",
  DownstreamApis__graph__Scopes: "User.Read",
};

function isWithoutGraph(read: SettingsReader): boolean {
  return read.raw("DownstreamApis__graph__BaseUrl")?.toLowerCase() === "none";
}

/** What people sign in for comes first, and of that Microsoft Graph. */
function rank({ name, token }: DownstreamApiConfiguration): number {
  return (token === "UserToken" ? 0 : 2) + (name === "graph" ? 0 : 1);
}

/** A misspelt limit would be none. */
function refuseUnknown(read: SettingsReader): void {
  for (const setting of read.spelled(/^DownstreamApis__/i).filter((each) => !known.test(each))) {
    const [, api = "", ...member] = setting.split("__");
    const nearest = `DownstreamApis__${api}__${nearestOf(member.join("__"), members)}`;
    read.refuse(setting, `is no setting of an API; the nearest is ${nearest}`);
  }
}
