import { readLocalSettings, type Settings } from "./settings.ts";

const settingName =
  /^(PublicBaseUrl|AzureAd__|CosmosDb($|__)|Session__|SignOut__|DownstreamApis__|AzureWebJobs|AzureFunctionsJobHost__|FunctionsHost__FunctionKey$|NODE_EXTRA_CA_CERTS$|APPLICATIONINSIGHTS_)/i;

/** The app's settings that the person who starts it has given, in the environment or in `local.settings.json`. */
export async function givenSettings(): Promise<Settings> {
  const fromEnvironment = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && settingName.test(name) ? [[name, value] as const] : [],
  );
  return { ...(await readLocalSettings("local.settings.json")), ...Object.fromEntries(fromEnvironment) };
}
