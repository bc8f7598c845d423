import type { Container } from "@azure/cosmos";
import type { CosmosConnection } from "../../../shared/configuration/cosmos-db.ts";
import { isLoopback } from "../../../shared/configuration/settings-reader.ts";
import { settings } from "../../../shared/configuration/settings.ts";
import { failed, notChecked, ok, warning, type Finding } from "../finding.ts";
import { reasonOf } from "../request.ts";

const name = "Permissions";
const timeoutMs = 10_000;
/** No real account key looks like this one. */
const probe = "doctor";

/**
 * Whether the credential permits what the app does, and no more: a point read must be allowed, and a query, which the
 * app never makes, must be refused. Both ask for a document that does not exist.
 */
export async function checkPermissions(container: Container, connection: CosmosConnection): Promise<Finding> {
  if (connection.kind === "connectionString") return aboutKey(connection.connectionString);
  const [read, query] = await Promise.all([
    verdictOf(() => container.item(probe, probe).read({ abortSignal: AbortSignal.timeout(timeoutMs) })),
    verdictOf(() => queryNothing(container)),
  ]);
  if (read === "refused") {
    return failed(
      name,
      "reading a document is refused",
      "Assign the role of infra/modules/cosmos.bicep to the identity",
    );
  }
  if (query === "allowed") {
    const toDo = "Assign the role of infra/modules/cosmos.bicep instead of a built-in one";
    return warning(name, "more than the app needs: a query is allowed", toDo);
  }
  if (read === "allowed" && query === "refused") return ok(name, "point reads are allowed, queries are refused");
  return notChecked(name, `there was no answer to ${read === "allowed" ? `a query: ${query}` : `a read: ${read}`}`);
}

function aboutKey(connectionString: string): Finding {
  const host = URL.parse(/(?:^|;)AccountEndpoint=([^;]+)/.exec(connectionString)?.[1] ?? "")?.hostname ?? "";
  if (isLoopback(host)) return notChecked(name, "the local endpoint has only an account key, which permits everything");
  const toDo = `Use ${settings.cosmosAccountEndpoint.name} and a managed identity`;
  return warning(name, "the account key of the connection string permits everything", toDo);
}

async function queryNothing(container: Container): Promise<unknown> {
  const query = { query: "SELECT VALUE c.id FROM c WHERE c.id = @id", parameters: [{ name: "@id", value: probe }] };
  const options = { partitionKey: probe, maxItemCount: 1, abortSignal: AbortSignal.timeout(timeoutMs) };
  return container.items.query(query, options).fetchNext();
}

async function verdictOf(request: () => Promise<unknown>): Promise<string> {
  try {
    await request();
    return "allowed";
  } catch (error) {
    const status = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    if (status === 404) return "allowed";
    if (status === 401 || status === 403) return "refused";
    return typeof status === "number" ? String(status) : reasonOf(error);
  }
}
