import { StartError } from "../start-error.ts";

/** The setting that a binding's `connection` means when it names none. */
const hostStorage = "AzureWebJobsStorage";

/** The name a message gives a connection: what the extension looks for first. */
export function connectionSetting(connection: string): string {
  if (connection === "" || connection === hostStorage) return hostStorage;
  return connection;
}

/**
 * The connection string that a binding's `connection` leads to: the setting `AzureWebJobs<connection>`, or else
 * `<connection>`.
 * @returns `undefined` when neither is set.
 * @throws {StartError} when the setting is for a managed identity, or is no connection string.
 */
export function findConnectionString(connection: string, env: NodeJS.ProcessEnv): string | undefined {
  const setting = connectionSetting(connection);
  for (const name of [`AzureWebJobs${setting}`, setting]) {
    const value = env[name];
    if (value !== undefined && value.trim() !== "") return checked(value, name);
    refuseIdentity(name, env);
  }
  return undefined;
}

function checked(value: string, name: string): string {
  if (/(?:^|;)\s*(?:UseDevelopmentStorage|AccountName|QueueEndpoint)\s*=/i.test(value)) return value;
  throw new StartError(`${name}: is not the connection string of a storage account`);
}

function refuseIdentity(name: string, env: NodeJS.ProcessEnv): void {
  const prefix = `${name}__`.toLowerCase();
  const found = Object.keys(env).find((key) => key.toLowerCase().startsWith(prefix));
  if (found === undefined) return;
  throw new StartError(
    `${found}: identity-based connections are not supported by the local functions host; ` +
      `set ${name} to a connection string`,
  );
}
