import { AppRegistrationError } from "./errors.ts";
import type { GraphClient } from "./graph-client.ts";

/**
 * The tenant of the operator's sign-in. Entra would accept a federated credential that names another tenant as its
 * issuer, but it would never work. So `expected` is compared with the tenant, if the operator may read that.
 * @throws {AppRegistrationError} `tenant_differs`
 */
export async function readTenantId(graph: GraphClient, expected: string | undefined): Promise<string> {
  const actual = await readOrganizationId(graph, expected !== undefined);
  if (actual === undefined) {
    if (expected !== undefined) return expected;
    throw new AppRegistrationError("insufficient_privileges", "The tenant's id cannot be read: give --tenant-id.");
  }
  if (expected !== undefined && expected !== actual.toLowerCase()) {
    const message = `The sign-in is for the tenant ${actual}, not for ${expected}.\nSign in to that one, for example with: az login --tenant ${expected}`;
    throw new AppRegistrationError("tenant_differs", message);
  }
  return actual;
}

/** Users may read it; a service principal that may only register apps may not. */
async function readOrganizationId(graph: GraphClient, isKnown: boolean): Promise<string | undefined> {
  const purpose = "read the tenant's id (give --tenant-id to avoid that)";
  try {
    return (await graph.list<{ readonly id: string }>(purpose, "/organization?$select=id"))[0]?.id;
  } catch (error) {
    if (isKnown && error instanceof AppRegistrationError && error.code === "insufficient_privileges") return undefined;
    throw error;
  }
}
