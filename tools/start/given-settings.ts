import type { Settings } from "@entra-functions-bff/development";
import { readLocalSettings } from "../local-settings.ts";

const settingName =
  /^(PublicBaseUrl|AzureAd__|CosmosDb($|__)|Session__|SignOut__|DownstreamApis__|AzureWebJobs|AzureFunctionsJobHost__|FunctionsHost__FunctionKey$|NODE_EXTRA_CA_CERTS$|APPLICATIONINSIGHTS_)/i;

/**
 * Settings with a name of its own for the app's cookies, unless they say one: a browser shares the cookies of a host
 * between its ports, and two apps of localhost would sign each other out.
 */
export function withCookieName(settings: Settings, port: number): Settings {
  const isNamed = Object.keys(settings).some((name) => name.toLowerCase() === cookieNameSetting.toLowerCase());
  return isNamed ? settings : { [cookieNameSetting]: `session-${port}`, ...settings };
}

const cookieNameSetting = "Session__CookieName";

/** The app's settings that the person who starts it has given, in the environment or in `local.settings.json`. */
export async function givenSettings(): Promise<Settings> {
  const fromEnvironment = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && settingName.test(name) ? [[name, value] as const] : [],
  );
  return { ...(await readLocalSettings("local.settings.json")), ...Object.fromEntries(fromEnvironment) };
}
