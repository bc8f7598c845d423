import type { Cloud } from "../../shared/configuration/clouds.ts";
import { AppRegistrationError } from "./errors.ts";
import type { GraphClient } from "./graph-client.ts";
import type { OAuth2PermissionGrant } from "./graph-types.ts";
import type { Permission } from "./permissions.ts";

export interface ConsentState {
  /** As in a token's `scp`. */
  readonly permission: string;
  readonly api: string;
  /** Whether people cannot consent for themselves. */
  readonly needsAdministrator: boolean;
  /** Whether an administrator has consented for everyone in the tenant; undefined if the operator may not read that. */
  readonly consented: boolean | undefined;
}

/** @param servicePrincipalId of the app, if it has one already */
export async function readConsent(
  graph: GraphClient,
  servicePrincipalId: string | undefined,
  permissions: readonly Permission[],
): Promise<readonly ConsentState[]> {
  const grants = servicePrincipalId === undefined ? [] : await readGrants(graph, servicePrincipalId);
  return permissions.map(({ name, resourceId, resourceName, needsAdministrator }) => ({
    permission: name,
    api: resourceName,
    needsAdministrator,
    consented: grants && isGrantedTo(grants, { name, resourceId }, "AllPrincipals"),
  }));
}

/** @param whom everyone in the tenant, or at least one person */
export function isGrantedTo(
  grants: readonly OAuth2PermissionGrant[],
  { name, resourceId }: Pick<Permission, "name" | "resourceId">,
  whom: OAuth2PermissionGrant["consentType"],
): boolean {
  return grants.some((grant) => {
    return grant.consentType === whom && grant.resourceId === resourceId && namesOf(grant).includes(name);
  });
}

/** Reading grants needs more rights than registering an app. Without these rights, the rest of the run still works. */
export async function readGrants(
  graph: GraphClient,
  id: string,
): Promise<readonly OAuth2PermissionGrant[] | undefined> {
  try {
    const path = `/servicePrincipals/${id}/oauth2PermissionGrants`;
    return await graph.list<OAuth2PermissionGrant>("read the consent that was given", path);
  } catch (error) {
    if (error instanceof AppRegistrationError && error.code === "insufficient_privileges") return undefined;
    throw error;
  }
}

function namesOf({ scope }: OAuth2PermissionGrant): readonly string[] {
  return scope.split(" ");
}

/** Where an administrator consents to all permissions of the registration for everyone in the tenant. */
export function adminConsentUrl(cloud: Cloud, tenantId: string, clientId: string, redirectUri: string): string {
  const parameters = new URLSearchParams({ client_id: clientId, redirect_uri: redirectUri });
  return `https://${cloud.authorityHosts[0]}/${tenantId}/adminconsent?${parameters.toString()}`;
}
