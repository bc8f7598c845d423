import { join } from "node:path";
import { asObject, readJsonFile, type JsonObject } from "./json-file.ts";
import { routePrefixPath } from "./host-json.ts";
import { isOverrideOf } from "./overrides.ts";
import { queueSettingPaths } from "./queues/settings.ts";
import { StartError } from "./start-error.ts";

/**
 * Puts the `Values` of local.settings.json, if there is such a file, into `env`; what `env` already has wins.
 * @returns the names that were set.
 * @throws {StartError} when the file is malformed, encrypted, or asks for something this host does not do.
 */
export async function applyLocalSettings(appFolder: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const file = await readJsonFile(join(appFolder, "local.settings.json"), "local.settings.json");
  if (file === undefined) return [];
  const settings = readValues(file);
  const applied: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    if (env[name] !== undefined) continue;
    env[name] = value;
    applied.push(name);
  }
  return applied;
}

/** The values of host.json that settings replace here, too. */
const replaceable = [routePrefixPath, ...queueSettingPaths];

/**
 * Refuses settings that would change how a real host runs the app, and that this one would silently ignore.
 * @throws {StartError} naming the setting.
 */
export function refuseUnsupportedSettings(env: NodeJS.ProcessEnv): void {
  const override = Object.keys(env).find((name) => {
    return /^AzureFunctionsJobHost__/i.test(name) && !replaceable.some((path) => isOverrideOf(path, name));
  });
  if (override !== undefined) {
    throw new StartError(`${override}: overriding host.json by a setting is not supported by the local functions host`);
  }
  const runtime = env["FUNCTIONS_WORKER_RUNTIME"];
  if (runtime !== undefined && runtime !== "node") {
    throw new StartError(`FUNCTIONS_WORKER_RUNTIME: only "node" is supported, not "${runtime}"`);
  }
}

/** The most that Azure allows. */
const mostWorkers = 10;

/**
 * How many processes run the app: `FUNCTIONS_WORKER_PROCESS_COUNT`, in `env` or in local.settings.json; 1 by default.
 * @throws {StartError} when it is no number from 1 to 10, or local.settings.json is malformed
 */
export async function readWorkerCount(appFolder: string, env: NodeJS.ProcessEnv): Promise<number> {
  const settings = { ...env };
  await applyLocalSettings(appFolder, settings);
  const given = settings["FUNCTIONS_WORKER_PROCESS_COUNT"] ?? "1";
  const count = /^\d{1,2}$/.test(given) ? Number(given) : Number.NaN;
  if (count >= 1 && count <= mostWorkers) return count;
  throw new StartError(`FUNCTIONS_WORKER_PROCESS_COUNT must be a number from 1 to ${mostWorkers}, not "${given}"`);
}

/** Whether `AzureWebJobs.<name>.Disabled` (or its spelling with underscores) turns the function off. */
export function isDisabled(functionName: string, env: NodeJS.ProcessEnv): boolean {
  const value = env[`AzureWebJobs.${functionName}.Disabled`] ?? env[`AzureWebJobs_${functionName}_Disabled`];
  return value !== undefined && /^(?:true|1)$/i.test(value);
}

function readValues(file: JsonObject): Record<string, string> {
  if (file["IsEncrypted"] === true) throw new StartError("local.settings.json: encrypted settings are not supported");
  if (file["ConnectionStrings"] !== undefined) {
    throw new StartError('local.settings.json: "ConnectionStrings" is not supported, use "Values"');
  }
  for (const name of Object.keys(asObject(file["Host"] ?? {}, 'local.settings.json: "Host"'))) {
    if (name !== "LocalHttpPort") throw new StartError(`local.settings.json: "Host.${name}" is not supported`);
  }
  return asStrings(asObject(file["Values"] ?? {}, 'local.settings.json: "Values"'));
}

function asStrings(values: JsonObject): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== "string") throw new StartError(`local.settings.json: "Values.${name}" must be text`);
    settings[name] = value;
  }
  return settings;
}
