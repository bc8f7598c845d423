import { AppRegistrationError } from "./errors.ts";
import { type GraphClient, literal } from "./graph-client.ts";
import type { ManagedIdentityServicePrincipal } from "./graph-types.ts";

export interface ManagedIdentity {
  readonly clientId: string;
  /** Object id of its service principal: the `sub` of its tokens. */
  readonly principalId: string;
  readonly name: string;
}

const properties = "id,appId,displayName,servicePrincipalType,alternativeNames";
const purpose = "read the managed identity";
const delaysMs = [2_000, 4_000, 8_000];

/**
 * The user-assigned managed identity with this client id or principal id. The two are easily confused, and Entra
 * accepts a federated credential with the wrong one, which then never works.
 * @throws {AppRegistrationError} `managed_identity_unknown`, `managed_identity_unsuitable`
 */
export async function resolveManagedIdentity(graph: GraphClient, id: string): Promise<ManagedIdentity> {
  // A new identity takes a moment to become visible.
  const found = await graph.untilFound(
    async () => (await readByPrincipal(graph, id)) ?? readByClient(graph, id),
    delaysMs,
  );
  if (found === undefined) {
    const message =
      `There is no managed identity with the client id or principal id ${id} in this tenant.\n` +
      `The app registration and the managed identity must be in the same tenant.`;
    throw new AppRegistrationError("managed_identity_unknown", message);
  }
  checkIsSuitable(found);
  return { clientId: found.appId, principalId: found.id, name: found.displayName };
}

async function readByPrincipal(graph: GraphClient, id: string) {
  return graph.read<ManagedIdentityServicePrincipal>(purpose, `/servicePrincipals/${id}?$select=${properties}`);
}

async function readByClient(graph: GraphClient, id: string) {
  const path = `/servicePrincipals(appId=${literal(id)})?$select=${properties}`;
  return graph.read<ManagedIdentityServicePrincipal>(purpose, path);
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity */
function checkIsSuitable({
  displayName,
  servicePrincipalType,
  alternativeNames,
}: ManagedIdentityServicePrincipal): void {
  if (servicePrincipalType !== "ManagedIdentity") {
    const message = `"${displayName}" is not a managed identity but a service principal (${servicePrincipalType}).`;
    throw new AppRegistrationError("managed_identity_unsuitable", message);
  }
  if (alternativeNames.includes("isExplicit=False")) {
    const message =
      `The managed identity "${displayName}" is system-assigned.\n` +
      `Microsoft Entra accepts only a user-assigned one as a federated credential.`;
    throw new AppRegistrationError("managed_identity_unsuitable", message);
  }
}
