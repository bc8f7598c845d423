import type { ContainerDefinition, CosmosClient, Database } from "@azure/cosmos";
import { containerNames } from "../../../shared/account/cosmos.ts";
import type { Configuration } from "../../../shared/configuration/configuration.ts";
import type { CosmosConnection } from "../../../shared/configuration/cosmos-db.ts";
import { settings } from "../../../shared/configuration/settings.ts";
import { failed, notChecked, ok, type Finding } from "../finding.ts";
import { reasonOf } from "../request.ts";
import { checkPermissions } from "./store-permissions.ts";

const name = "Cosmos DB";
const consistencyName = "Consistency";
const timeoutMs = 10_000;

/**
 * Checks account, database and both containers of `client`, and what it may do there. Reads definitions and changes
 * nothing.
 * @param who the client is: the app, or the operator, whose permissions say nothing about the app's
 */
export async function checkStore(
  client: CosmosClient,
  { connection, databaseName }: Configuration["cosmosDb"],
  who: "app" | "operator",
): Promise<readonly Finding[]> {
  const account = await readAccount(client, connection);
  if ("finding" in account) {
    const rest = [consistencyName, ...Object.values(containerNames).map(nameOf), "Permissions"];
    return [account.finding, ...rest.map((each) => notChecked(each, "Cosmos DB could not be asked"))];
  }
  const database = client.database(databaseName);
  const containers = await Promise.all(Object.values(containerNames).map((id) => checkContainer(database, id)));
  return [
    ok(name, `${endpointOf(connection)} answers`),
    checkConsistency(account.consistency),
    ...containers,
    who === "operator"
      ? notChecked(
          "Permissions",
          "your own sign-in was used; the app's identity can be checked only where the app runs",
        )
      : await checkPermissions(database.container(containerNames.accounts), connection),
  ];
}

async function readAccount(
  client: CosmosClient,
  connection: CosmosConnection,
): Promise<{ readonly consistency: string } | { readonly finding: Finding }> {
  try {
    const { resource } = await client.getDatabaseAccount({ abortSignal: AbortSignal.timeout(timeoutMs) });
    return { consistency: resource?.consistencyPolicy ?? "" };
  } catch (error) {
    return { finding: unreadable(error, connection) };
  }
}

function unreadable(error: unknown, connection: CosmosConnection): Finding {
  const status = statusOf(error);
  const endpoint = endpointOf(connection);
  if (status !== 401 && status !== 403) {
    const reason = status ?? reasonOf(error);
    const setting = settingOf(connection);
    return failed(name, `${endpoint} cannot be reached: ${reason}`, `Check ${setting}, the network and the firewall`);
  }
  if (connection.kind === "connectionString") {
    return failed(
      name,
      `${endpoint} refuses the account key`,
      `Put a current key into ${settings.cosmosConnectionString.name}`,
    );
  }
  return notChecked(name, "your own sign-in has no data-plane role there; see the lines about the app below");
}

/** With a weaker level, an instance could still serve a session that another instance has signed out. */
function checkConsistency(level: string): Finding {
  if (level === "Strong") return ok(consistencyName, "Strong");
  const toDo = "Set the account's default consistency to Strong; otherwise a signed-out session could still be used";
  return failed(consistencyName, `the account's default is ${level || "unknown"}`, toDo);
}

async function checkContainer(database: Database, id: string): Promise<Finding> {
  try {
    const { resource } = await database.container(id).read({ abortSignal: AbortSignal.timeout(timeoutMs) });
    return checkDefinition(database, id, resource);
  } catch (error) {
    const status = statusOf(error);
    if (status === 401 || status === 403)
      return notChecked(nameOf(id), `reading the definition is refused (${status})`);
    if (status !== 404) return failed(nameOf(id), `could not be read: ${status ?? reasonOf(error)}`, "Run again");
    return failed(nameOf(id), await missingPart(database, id), "Deploy infra/, or create it as docs/deploy.md says");
  }
}

async function missingPart(database: Database, id: string): Promise<string> {
  const hasDatabase = await database.read({ abortSignal: AbortSignal.timeout(timeoutMs) }).then(
    () => true,
    (error: unknown) => statusOf(error) !== 404,
  );
  return hasDatabase ? `there is no container ${id} in ${database.id}` : `there is no database ${database.id}`;
}

function checkDefinition(database: Database, id: string, definition: ContainerDefinition | undefined): Finding {
  const paths = definition?.partitionKey?.paths ?? [];
  if (paths.join() !== "/id") {
    const found = `the partition key is ${paths.join(", ") || "missing"}`;
    return failed(nameOf(id), found, "It cannot be changed: delete the container and create it with /id");
  }
  const ttl = definition?.defaultTtl;
  if (ttl === undefined) {
    return failed(
      nameOf(id),
      "time to live is off",
      "Set it to On (no default); otherwise ended sessions stay for ever",
    );
  }
  if (ttl !== -1) {
    return failed(nameOf(id), `time to live has the default of ${ttl} s`, "Set it to On (no default)");
  }
  return ok(nameOf(id), `${database.id}/${id}, partition key /id, time to live on (no default)`);
}

function nameOf(container: string): string {
  return `Container ${container}`;
}

export function endpointOf(connection: CosmosConnection): string {
  if (connection.kind === "identity") return connection.endpoint;
  return /(?:^|;)AccountEndpoint=([^;]+)/.exec(connection.connectionString)?.[1] ?? "";
}

function settingOf({ kind }: CosmosConnection): string {
  return (kind === "identity" ? settings.cosmosAccountEndpoint : settings.cosmosConnectionString).name;
}

/** HTTP status of an error of the SDK; undefined if there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : undefined;
}
