import { graphAppId, isGraph } from "../../shared/configuration/scopes.ts";
import { AppRegistrationError } from "./errors.ts";
import { type GraphClient, literal } from "./graph-client.ts";
import type { PermissionScope, ResourceServicePrincipal } from "./graph-types.ts";

/** A delegated permission as a registration requests it. */
export interface Permission {
  readonly id: string;
  /** As in a token's `scp`. */
  readonly name: string;
  readonly resourceAppId: string;
  /** Object id of the API's service principal in this tenant. */
  readonly resourceId: string;
  readonly resourceName: string;
  /** Whether only an administrator can consent to it. */
  readonly needsAdministrator: boolean;
}

const properties = "id,appId,displayName,oauth2PermissionScopes";
const purpose = "read the API's permissions";

/** Finds the ids behind the names. @throws {AppRegistrationError} `resource_unknown` or `scope_unknown` */
export async function resolvePermissions(graph: GraphClient, scopes: readonly string[]): Promise<Permission[]> {
  const resources = new Map<string, ResourceServicePrincipal>();
  const permissions: Permission[] = [];
  for (const scope of scopes) {
    const { resource, name } = splitScope(scope);
    const api = resources.get(resource) ?? (await readResource(graph, resource));
    resources.set(resource, api);
    const { id, value, type } = findScope(api, name);
    if (permissions.some((known) => known.id === id && known.resourceId === api.id)) continue;
    permissions.push({
      id,
      name: value,
      resourceAppId: api.appId,
      resourceId: api.id,
      resourceName: api.displayName,
      needsAdministrator: type === "Admin",
    });
  }
  return permissions;
}

/** `User.Read` belongs to Microsoft Graph. Otherwise the part before the last slash names the API. */
function splitScope(scope: string): { resource: string; name: string } {
  const slash = scope.lastIndexOf("/");
  const resource = slash < 0 ? graphAppId : scope.slice(0, slash);
  return {
    resource: isGraph(resource) ? graphAppId : resource,
    name: scope.slice(slash + 1),
  };
}

/** The API that a scope belongs to. @throws {AppRegistrationError} `resource_unknown` */
export async function readResourceOf(graph: GraphClient, scope: string): Promise<ResourceServicePrincipal> {
  return readResource(graph, splitScope(scope).resource);
}

async function readResource(graph: GraphClient, resource: string): Promise<ResourceServicePrincipal> {
  const api = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(resource)
    ? await graph.read<ResourceServicePrincipal>(
        purpose,
        `/servicePrincipals(appId=${literal(resource.toLowerCase())})?$select=${properties}`,
      )
    : await readByUri(graph, resource);
  if (api !== undefined) return api;
  const message =
    `There is no API "${resource}" in this tenant.\n` +
    `Check its application id URI. For an API of another tenant, somebody must consent to it in this tenant first.`;
  throw new AppRegistrationError("resource_unknown", message);
}

async function readByUri(graph: GraphClient, uri: string): Promise<ResourceServicePrincipal | undefined> {
  const filter = `${encodeURIComponent("servicePrincipalNames/any(n:n eq ")}${literal(uri)})`;
  const path = `/servicePrincipals?$filter=${filter}&$select=${properties}`;
  return (await graph.list<ResourceServicePrincipal>(purpose, path))[0];
}

function findScope(api: ResourceServicePrincipal, name: string): PermissionScope {
  const enabled = api.oauth2PermissionScopes.filter(({ isEnabled }) => isEnabled);
  const found = enabled.find(({ value }) => value === name);
  if (found !== undefined) return found;
  const similar = enabled.find(({ value }) => value.toLowerCase() === name.toLowerCase())?.value;
  const advice =
    similar === undefined ? "Only delegated permissions can be requested here." : `Did you mean "${similar}"?`;
  const message = `${api.displayName} has no delegated permission "${name}".\n${advice}`;
  throw new AppRegistrationError("scope_unknown", message);
}
