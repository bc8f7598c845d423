import {
  ConfigurationError,
  loadConfiguration,
  type Configuration,
} from "../../../shared/configuration/configuration.ts";
import type { Environment } from "../../../shared/configuration/settings-reader.ts";
import { formerMaxAttempts, settings } from "../../../shared/configuration/settings.ts";
import { hostSettings } from "../../../shared/configuration/host-settings.ts";
import { destinationsOf } from "../../../shared/opentelemetry/destinations.ts";
import { failed, ok, warning, type Finding } from "../finding.ts";
import { unknownSettings } from "../settings-source.ts";

const name = "Settings";

export interface SettingsResult {
  readonly findings: readonly Finding[];
  /** Undefined if the app would not start with these settings. */
  readonly configuration: Configuration | undefined;
}

/**
 * How the app would read the settings, by the same code.
 * @param sources where they come from, for people
 */
export function checkSettings(environment: Environment, sources: string): SettingsResult {
  try {
    const configuration = loadConfiguration(environment);
    const more = [
      ...checkHomepage(environment),
      ...checkFormer(environment),
      ...checkNames(environment),
      ...checkTelemetry(environment),
      ...checkSecret(configuration),
    ];
    return { configuration, findings: [ok(name, `complete, from ${sources}`), ...more] };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const findings = error.problems.map(({ setting, problem }) =>
      failed(name, `${setting} ${problem}`, "See docs/configuration.md"),
    );
    const refused = new Set(error.problems.map(({ setting }) => setting));
    return { configuration: undefined, findings: [...findings, ...checkNames(environment, refused)] };
  }
}

/** The app starts without telemetry if its settings are wrong. */
function checkTelemetry(environment: Environment): Finding[] {
  return destinationsOf(environment).problems.map((problem) =>
    failed("Settings: telemetry", problem, "Until then, the app sends no telemetry there"),
  );
}

/** Of a certificate, the app sees itself when it expires. */
function checkSecret({ azureAd: { credential } }: Configuration): Finding[] {
  if (credential.kind !== "secret" || credential.expiresAt) return [];
  const found = "the app does not know when its client secret expires, so that it cannot warn before";
  return [warning("Settings: secret", found, `Set ${settings.clientSecretExpires.name}`)];
}

/** @param refused those that have a finding already */
function checkNames(environment: Environment, refused: ReadonlySet<string> = new Set()): Finding[] {
  const unknown = unknownSettings(environment).filter((setting) => !refused.has(setting));
  return unknown.map((setting) =>
    warning(name, `${setting} is not a setting of this app`, "Compare its spelling with docs/configuration.md"),
  );
}

function checkFormer(environment: Environment): Finding[] {
  if (environment[formerMaxAttempts] === undefined) return [];
  return [warning(name, `${formerMaxAttempts} is an old name`, `Rename it to ${settings.signOutMaxAttempts.name}`)];
}

function checkHomepage(environment: Environment): Finding[] {
  const { name: setting } = hostSettings.disableHomepage;
  if (/^(true|1)$/i.test(environment[setting] ?? "")) return [];
  return [warning(name, "the Functions host answers / with its own page", `Set ${setting} to true`)];
}
