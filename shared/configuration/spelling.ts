import { distance, nearestOf } from "./nearest.ts";
import type { SettingsReader } from "./settings-reader.ts";
import { settings } from "./settings.ts";

const names: readonly string[] = Object.values(settings).map(({ name }) => name);
const known = names.map((name) => new RegExp(`^${name.replaceAll(/<\w+>/g, ".+")}$`, "i"));
/** How the settings' names begin, except for those without a prefix. */
const groups = new Set(names.flatMap((name) => groupOf(name) ?? []));

export function isSetting(name: string): boolean {
  return known.some((pattern) => pattern.test(name));
}

/** Whether a name begins like the app's settings, also if it is none: misspelt, or from another version. */
export function isInGroup(name: string): boolean {
  return groups.has(groupOf(name) ?? "");
}

/**
 * Refuses names that differ by a letter or two from a setting, or have colons for `__` as in .NET's files: with
 * `AzureAd__AllowedTenant`, every tenant would be allowed. Others may belong to something else, or to another version of the app.
 * APIs have their own, stricter rule.
 */
export function refuseMisspelt(read: SettingsReader): void {
  for (const name of read.spelled(/__|:/)) {
    const spelled = withFirst(name.replaceAll(":", "__"));
    if (!isInGroup(spelled) || (isSetting(spelled) && !name.includes(":")) || /^DownstreamApis__/i.test(name)) continue;
    const nearest = isSetting(spelled) ? spelled : nearestOf(spelled, names);
    if (distance(spelled, nearest) <= 2) read.refuse(name, `is no setting; the nearest is ${nearest}`);
  }
}

/** Libraries of Microsoft's take a list of credentials. The app takes the first, so a second is no misspelling. */
function withFirst(name: string): string {
  return name.replace(/__\d+__/, "__0__");
}

function groupOf(name: string): string | undefined {
  return /^[^_]+__/.exec(name)?.[0].toLowerCase();
}
