import { ConfigurationError, loadConfiguration } from "../../shared/configuration/configuration.ts";
import type { Settings } from "@entra-functions-bff/development";

/**
 * What to tell a person whose settings the app cannot work with: each of these settings, without its value, and what to
 * do. Undefined if all are valid.
 */
export function settingsTrouble(settings: Settings): string | undefined {
  try {
    loadConfiguration(settings);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [
      "  The app answers 503 to everything, because it cannot work with these settings:",
      ...error.problems.map(({ setting, problem }) => `    ${setting} ${problem}`),
      "  Correct them in the environment or in local.settings.json, and start again. See docs/configuration.md.",
      "",
    ].join("\n");
  }
}
