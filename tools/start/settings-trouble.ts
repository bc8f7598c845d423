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
    return settingsText(error.problems);
  }
}

interface NotReady {
  readonly checks: Readonly<Record<string, string>>;
  readonly problems?: ConfigurationError["problems"];
}

/** What to tell a person whose app says itself that it cannot do its work. Undefined if it can. @param url of the app */
export async function troubleOf(url: string): Promise<string | undefined> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerMs) }).catch(() => undefined);
  if (answer === undefined) return "  The app does not answer. Its log above may say why.\n";
  if (answer.status !== 503) return undefined;
  const { checks, problems } = (await answer.json()) as NotReady;
  if (problems !== undefined) return settingsText(problems);
  const failed = Object.entries(checks).filter(([, outcome]) => outcome !== "ok");
  return [
    "  The app runs, but nobody can sign in yet:",
    ...failed.map(([part, outcome]) => `    ${part} ${outcome}`),
    "  See docs/troubleshooting.md, or run npm run doctor.",
    "",
  ].join("\n");
}

/** The app's own time for its checks, and a little more. */
const answerMs = 10_000;

function settingsText(problems: ConfigurationError["problems"]): string {
  return [
    "  The app answers 503 to everything, because it cannot work with these settings:",
    ...problems.map(({ setting, problem }) => `    ${setting} ${problem}`),
    "  Correct them in the environment, in local.settings.json or where bff() is called. See docs/configuration.md.",
    "",
  ].join("\n");
}
