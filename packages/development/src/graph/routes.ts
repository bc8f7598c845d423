import type { IncomingMessage } from "node:http";
import type { RecordedRequest } from "./graph.ts";
import { notFound, notImplemented } from "./errors.ts";
import {
  findApplication,
  findServicePrincipal,
  type Tenant,
  writeApplication,
  writeCredential,
  writeServicePrincipal,
  type Written,
} from "./operations.ts";
import { type Key, type Query, readBody, readFilter, readQuery, readTarget, select, type Target } from "./request.ts";
import type { Application, ServicePrincipal } from "./types.ts";

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** @throws {GraphError} for everything that is refused; 501 for what is not supported */
export async function serve(tenant: Tenant, request: IncomingMessage, recorded: RecordedRequest): Promise<Answer> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
  const { pathname } = url;
  if (!pathname.startsWith("/v1.0/")) throw notImplemented(`${recorded.method} ${recorded.path}`);
  const target = readTarget(pathname.slice("/v1.0/".length));
  if (recorded.method === "GET") return { status: 200, body: read(tenant, target, readQuery(url)) };
  if (recorded.method !== "PATCH") throw notImplemented(`${recorded.method} ${recorded.path}`);
  const body = await readBody(request);
  recorded.body = body;
  const createIfMissing = /\bcreate-if-missing\b/i.test(String(request.headers["prefer"] ?? ""));
  const written = write(tenant, target, body, createIfMissing);
  return written === undefined ? { status: 204 } : { status: 201, body: written };
}

function read(tenant: Tenant, { collection, key, navigation, navigationKey }: Target, query: Query): object {
  if (navigationKey !== undefined) throw notImplemented(`reading ${collection}/${navigation} by key`);
  if (key !== undefined && query.filter !== undefined) throw notImplemented("a filter on a single object");
  switch ([collection, key && "{id}", navigation].filter(Boolean).join("/")) {
    case "organization":
      return collectionOf([{ id: tenant.directory.tenantId, displayName: "Local" }], query, "organization");
    case "applications":
      return collectionOf(filterApplications(tenant, query), query, "application");
    case "applications/{id}":
      return select(findApplication(tenant, required(key)), query.select, "application");
    case "applications/{id}/federatedIdentityCredentials": {
      const { id } = findApplication(tenant, required(key));
      return collectionOf(tenant.directory.federatedCredentials(id), query, "federatedIdentityCredential");
    }
    case "servicePrincipals":
      return collectionOf(filterServicePrincipals(tenant, query), query, "servicePrincipal");
    case "servicePrincipals/{id}":
      return select(findServicePrincipal(tenant, required(key)), query.select, "servicePrincipal");
    case "servicePrincipals/{id}/oauth2PermissionGrants": {
      const { id } = findServicePrincipal(tenant, required(key));
      const grants = tenant.directory.grants.filter(({ clientId }) => clientId === id);
      return collectionOf(grants, query, "oAuth2PermissionGrant");
    }
    case "servicePrincipals/{id}/appRoleAssignments": {
      const { id } = findServicePrincipal(tenant, required(key));
      const assignments = tenant.directory.appRoleAssignments.filter(({ principalId }) => principalId === id);
      return collectionOf(assignments, query, "appRoleAssignment");
    }
    case "servicePrincipals/{id}/appRoleAssignedTo": {
      const { id } = findServicePrincipal(tenant, required(key));
      const assignments = tenant.directory.appRoleAssignments.filter(({ resourceId }) => resourceId === id);
      return collectionOf(assignments, query, "appRoleAssignment");
    }
    default:
      throw notImplemented(`GET ${[collection, navigation].filter(Boolean).join("/")}`);
  }
}

function write(
  tenant: Tenant,
  { collection, key, navigation, navigationKey }: Target,
  body: Readonly<Record<string, unknown>>,
  createIfMissing: boolean,
): Written {
  if (key !== undefined && navigation === undefined) {
    if (collection === "applications") return writeApplication(tenant, key, body, createIfMissing);
    if (collection === "servicePrincipals") return writeServicePrincipal(tenant, key, body, createIfMissing);
  }
  const isCredential = collection === "applications" && navigation === "federatedIdentityCredentials";
  if (!isCredential || key === undefined || navigationKey?.property !== "name") {
    throw notImplemented(`PATCH ${[collection, navigation].filter(Boolean).join("/")}`);
  }
  return writeCredential(tenant, key, navigationKey.value, body, createIfMissing);
}

function filterApplications({ directory, visibility }: Tenant, { filter }: Query): Application[] {
  const all = [...directory.applications.values()];
  const found =
    filter === undefined ? all : all.filter((each) => same(each.displayName, readFilter(filter, "displayName eq ")));
  return found.filter(({ id }) => visibility.finds(id));
}

function filterServicePrincipals({ directory }: Tenant, { filter }: Query): ServicePrincipal[] {
  const all = [...directory.servicePrincipals.values()];
  if (filter === undefined) return all;
  const name = readFilter(filter, "servicePrincipalNames/any(n:n eq ", ")");
  return all.filter(({ servicePrincipalNames }) => servicePrincipalNames.some((each) => same(each, name)));
}

/** The directory compares strings without regard to case. */
function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** One page, which names the next one. */
function collectionOf(objects: readonly object[], query: Query, type: string): object {
  const { top, skip, select: names } = query;
  const end = skip + top;
  return {
    value: objects.slice(skip, end).map((each) => select(each, names, type)),
    ...(objects.length > end && { "@odata.nextLink": query.pageAfter(end) }),
  };
}

function required(key: Key | undefined): Key {
  if (key === undefined) throw notFound("");
  return key;
}
