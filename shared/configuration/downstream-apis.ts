import { cloudOf } from "./clouds.ts";
import { readDownstreamApi, type OfTheApp, type DownstreamApiConfiguration } from "./downstream-api.ts";
import { downstreamApiSettings } from "./downstream-api-settings.ts";
import { nearestOf } from "./nearest.ts";
import { SettingsReader } from "./settings-reader.ts";
import type { Setting } from "./setting.ts";

export type { DownstreamApiConfiguration } from "./downstream-api.ts";

/** The part of an API's settings' names that follows the API's name. */
const members = Object.values<Setting>(downstreamApiSettings).map(({ name }) => name.replace(/^.*?<name>__/, ""));
const patterns = members.map((member) => member.replace("<Name>", ".+"));
const known = new RegExp(`^DownstreamApis__(.+?)__(?:${patterns.join("|")})$`, "i");

export function readDownstreamApis(
  read: SettingsReader,
  app: OfTheApp,
): ReadonlyMap<string, DownstreamApiConfiguration> {
  refuseUnknown(read);
  const names = read.names(known);
  const given = names.filter((name) => name !== "graph" || !isWithoutGraph(read));
  const apis = given.map((name) => readDownstreamApi(read, name, app));
  if (!names.includes("graph")) apis.push(readDownstreamApi(usualGraph(app), "graph", app));
  apis.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  return new Map(apis.map((api) => [api.name, api]));
}

/**
 * Microsoft Graph of the authority's cloud is there unless a setting takes it away: an API of the app's own comes beside it, not
 * in its place.
 */
function usualGraph({ authorityHost }: OfTheApp): SettingsReader {
  const [origin] = cloudOf(authorityHost).graphs;
  return new SettingsReader({
    DownstreamApis__graph__BaseUrl: `${origin}/v1.0`,
    DownstreamApis__graph__Scopes: "User.Read",
  });
}

function isWithoutGraph(read: SettingsReader): boolean {
  return read.raw("DownstreamApis__graph__BaseUrl")?.toLowerCase() === "none";
}

/** Puts the APIs first that are called with the person's token, and Microsoft Graph first among them. */
function rank({ name, token }: DownstreamApiConfiguration): number {
  return (token === "UserToken" ? 0 : 2) + (name === "graph" ? 0 : 1);
}

/** Refuses misspelt settings: a misspelt limit would be no limit. */
function refuseUnknown(read: SettingsReader): void {
  for (const setting of read.spelled(/^DownstreamApis__/i).filter((each) => !known.test(each))) {
    const [, api = "", ...member] = setting.split("__");
    const nearest = `DownstreamApis__${api}__${nearestOf(member.join("__"), members)}`;
    read.refuse(setting, `is no setting of an API; the nearest is ${nearest}`);
  }
}
