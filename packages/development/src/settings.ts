export type Settings = Readonly<Record<string, string>>;

/** The settings that say "this part is real": with one of them, its local stand-in is not started. */
const realParts = {
  identityProvider: [/^AzureAd__/i],
  cosmos: [/^CosmosDb$/i, /^CosmosDb__accountEndpoint$/i],
  // The stand-in is Microsoft Graph; other APIs are beside it.
  downstreamApi: [/^DownstreamApis__graph__/i],
  queueStorage: [/^AzureWebJobsStorage($|__)/i],
} as const;

export type LocalPart = keyof typeof realParts;

/** The parts that need a stand-in, given the settings in the environment and the settings file. */
export function missingParts(given: Readonly<Record<string, string | undefined>>): Set<LocalPart> {
  const names = Object.keys(given).filter((name) => given[name] && !isStandIn(given[name]));
  const isGiven = (part: LocalPart) => realParts[part].some((pattern) => names.some((name) => pattern.test(name)));
  // With a real identity provider, the default API is the real Microsoft Graph, because the stand-in would not trust
  // its tokens.
  const parts = (["identityProvider", "cosmos", "queueStorage"] as const).filter((part) => !isGiven(part));
  const needsApi = !isGiven("identityProvider") && !isGiven("downstreamApi");
  return new Set<LocalPart>(needsApi ? [...parts, "downstreamApi"] : parts);
}

/** What settings files for the func CLI say for "the storage emulator of this machine", which the stand-in replaces. */
function isStandIn(value: string): boolean {
  return /^UseDevelopmentStorage=true;?$/i.test(value);
}
