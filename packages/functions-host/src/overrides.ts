const prefix = "azurefunctionsjobhost__";

/**
 * The setting that replaces a value of host.json, as in `AzureFunctionsJobHost__extensions__queues__batchSize`. Upper and
 * lower case are the same.
 * @param path in host.json, such as `extensions.queues.batchSize`
 */
export function overrideOf(path: string, env: NodeJS.ProcessEnv): string | undefined {
  return Object.entries(env).find(([name]) => isOverrideOf(path, name))?.[1];
}

/** Whether a setting of this name replaces the value at `path`. */
export function isOverrideOf(path: string, settingName: string): boolean {
  return settingName.toLowerCase() === prefix + path.replaceAll(".", "__").toLowerCase();
}
