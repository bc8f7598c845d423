import { isLoopback, type SettingsReader } from "./settings-reader.ts";
import { settings } from "./settings.ts";

const places = ["documents", "otherApp", "identityProvider"] as const;

/** A page of the local platform, to which the app's own page links. */
export type LocalPlace = (typeof places)[number];
export type LocalPages = ReadonlyMap<LocalPlace, string>;

/** The pages of the local platform. An app that is not on this machine has none, whatever the setting says. */
export function readLocalPages(read: SettingsReader, publicOrigin: string): LocalPages {
  const text = read.optional(settings.localPages);
  const pages = text === undefined ? new Map() : parse(text);
  if (pages === undefined) read.fail(settings.localPages);
  const isHere = isLoopback(URL.parse(publicOrigin)?.hostname ?? "");
  return (isHere && pages) || new Map();
}

function parse(text: string): LocalPages | undefined {
  const entries = text.split(" ").map((entry) => {
    const [, name, url] = /^(\w+)=(http:\/\/\S+)$/.exec(entry) ?? [];
    const place = places.find((each) => each === name);
    return place && url && isLoopback(URL.parse(url)?.hostname ?? "") ? ([place, url] as const) : undefined;
  });
  const valid = entries.filter((entry) => entry !== undefined);
  return valid.length === entries.length ? new Map(valid) : undefined;
}
