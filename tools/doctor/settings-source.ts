import { existsSync } from "node:fs";
import type { Environment } from "../../shared/configuration/settings-reader.ts";
import { hostSettings } from "../../shared/configuration/host-settings.ts";
import { isInGroup, isSetting } from "../../shared/configuration/spelling.ts";
import { readLocalSettings, SettingsFileError } from "../local-settings.ts";
import { UsageError } from "./options.ts";

export interface SettingsSource {
  readonly environment: Environment;
  /** Where they come from, for people. */
  readonly sources: string;
  /** Whether no setting of the app is given at all. */
  readonly isEmpty: boolean;
}

/** What `npm start` stores there while it runs: the settings for its stand-ins. */
export const platformSettingsFile = ".local/settings.json";

const ofTheHost = new Set(Object.values(hostSettings).map(({ name }) => name.toLowerCase()));

/** Names that begin like the app's settings, but that the app does not read: misspelt, or from another version. */
export function unknownSettings(environment: Environment): readonly string[] {
  return Object.keys(environment).filter((name) => isInGroup(name) && !isSetting(name));
}

/**
 * The settings of this machine. The environment takes precedence over local.settings.json, and that over the settings
 * of `npm start`. With `file`, only the environment and that file count.
 * @throws {UsageError} for a file that cannot be read as settings
 */
export async function readSettings(environment: Environment, file: string | undefined): Promise<SettingsSource> {
  if (file !== undefined && !existsSync(file)) throw new UsageError(`There is no file ${file}`);
  const files = file === undefined ? [platformSettingsFile, "local.settings.json"] : [file];
  const layers = await Promise.all(files.map(async (each) => ({ source: each, values: await valuesOf(each) })));
  const used = [...layers, { source: "the environment", values: environment }].filter(({ values }) => {
    return Object.keys(values).some((name) => isSetting(name) || ofTheHost.has(name.toLowerCase()));
  });
  return {
    environment: Object.assign({}, ...layers.map(({ values }) => values), environment) as Environment,
    isEmpty: used.length === 0,
    sources:
      used
        .map(({ source }) => source.replace(platformSettingsFile, "npm start"))
        .toReversed()
        .join(", ") || "nowhere",
  };
}

async function valuesOf(file: string): Promise<Environment> {
  try {
    return await readLocalSettings(file);
  } catch (error) {
    throw error instanceof SettingsFileError ? new UsageError(error.message) : error;
  }
}
