import type { Settings } from "@entra-functions-bff/development";
import { isInGroup, isSetting } from "../../shared/configuration/spelling.ts";
import { readLocalSettings } from "../local-settings.ts";

/** What else the app's process gets from the environment: settings of the Functions host, of telemetry and of Node.js. */
const ofTheHost =
  /^(AzureWebJobs|AzureFunctionsJobHost__|FunctionsHost__FunctionKey$|FUNCTIONS_WORKER_PROCESS_COUNT$|NODE_EXTRA_CA_CERTS$|APPLICATIONINSIGHTS_|OTEL_)/i;

/**
 * The settings, with a separate name for the app's cookies unless they have one. A browser shares the cookies of a host
 * between its ports, so two apps on localhost would sign each other out.
 */
export function withCookieName(settings: Settings, port: number): Settings {
  const isNamed = Object.keys(settings).some((name) => name.toLowerCase() === cookieNameSetting.toLowerCase());
  return isNamed ? settings : { [cookieNameSetting]: `session-${port}`, ...settings };
}

const cookieNameSetting = "Session__CookieName";

/** The app's settings that were given in the environment or in `local.settings.json`. */
export async function givenSettings(): Promise<Settings> {
  const fromEnvironment = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && (isSetting(name) || isInGroup(name) || ofTheHost.test(name)) ? [[name, value] as const] : [],
  );
  return { ...(await readLocalSettings("local.settings.json")), ...Object.fromEntries(fromEnvironment) };
}
