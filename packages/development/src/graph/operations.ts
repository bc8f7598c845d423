import { randomUUID } from "node:crypto";
import { checkApplication, checkApplicationBody, completed } from "./application-rules.ts";
import { checkEntity, isGuid, listOf, merge, nullable, text } from "./checks.ts";
import { blankApplication, type Directory } from "./directory.ts";
import { badRequest, notFound, notImplemented } from "./errors.ts";
import { checkCredential, checkCredentialBody } from "./federated-credential-rules.ts";
import type { Key } from "./request.ts";
import type { Application, FederatedIdentityCredential, ServicePrincipal } from "./types.ts";
import type { Visibility } from "./visibility.ts";

type Body = Readonly<Record<string, unknown>>;

/** A write's outcome: the object when it was created (201), nothing when it was updated (204). */
export type Written = object | undefined;

export interface Tenant {
  readonly directory: Directory;
  readonly visibility: Visibility;
}

/** @throws {GraphError} 404 */
export function findApplication({ directory, visibility }: Tenant, key: Key): Application {
  return find(directory.applications.values(), visibility, key, ["id", "appId", "uniqueName"]);
}

/** @throws {GraphError} 404 */
export function findServicePrincipal({ directory, visibility }: Tenant, key: Key): ServicePrincipal {
  return find(directory.servicePrincipals.values(), visibility, key, ["id", "appId"]);
}

function find<T extends Application | ServicePrincipal>(
  objects: Iterable<T>,
  visibility: Visibility,
  { property, value }: Key,
  keys: readonly string[],
): T {
  if (!keys.includes(property)) throw notImplemented(`the key ${property}`);
  const wanted = isGuid(value) ? value.toLowerCase() : value;
  const object = [...objects].find((each) => new Map<string, unknown>(Object.entries(each)).get(property) === wanted);
  if (object === undefined || !visibility.finds(object.id)) throw notFound(value);
  return object;
}

/** https://learn.microsoft.com/graph/api/application-update and application-upsert */
export function writeApplication(tenant: Tenant, key: Key, body: Body, createIfMissing: boolean): Written {
  checkApplicationBody(body);
  const creating = createIfMissing && key.property === "uniqueName" && !exists(tenant, key.value);
  if (creating) return createApplication(tenant, key.value, body);
  const current = createIfMissing ? existing(tenant, key) : findApplication(tenant, key);
  const { uniqueName } = body;
  if (typeof uniqueName === "string" && uniqueName !== current.uniqueName) {
    if (current.uniqueName !== null) throw badRequest("Property uniqueName is immutable.");
    checkNameIsFree(tenant, uniqueName);
  }
  const changed = completed(merge({ ...current }, body) as unknown as Application);
  checkApplication(changed);
  tenant.directory.putApplication(changed);
  return undefined;
}

function exists({ directory }: Tenant, uniqueName: string): boolean {
  return [...directory.applications.values()].some((each) => each.uniqueName === uniqueName);
}

/** An upsert uses the replica with the writes, so it sees objects that reads do not see yet. */
function existing(tenant: Tenant, key: Key): Application {
  const everything = { ...tenant, visibility: { ...tenant.visibility, finds: () => true } };
  return findApplication(everything, key);
}

function createApplication(tenant: Tenant, uniqueName: string, body: Body): Application {
  checkNameIsFree(tenant, uniqueName);
  if (body["displayName"] === undefined) throw badRequest("Property displayName is required.");
  const made = completed(merge({ ...blankApplication() }, { ...body, uniqueName }) as unknown as Application);
  checkApplication(made);
  tenant.visibility.created(made.id);
  return tenant.directory.putApplication(made);
}

function checkNameIsFree(tenant: Tenant, uniqueName: string): void {
  if (exists(tenant, uniqueName) || tenant.directory.deletedNames.has(uniqueName)) {
    const message = "Another object with the same value for property uniqueName already exists.";
    throw badRequest(message, [{ code: "ObjectConflict", target: "uniqueName", message }]);
  }
}

const servicePrincipalProperties = { displayName: text(256), tags: listOf(text(256)), notes: nullable(text(1024)) };

/** https://learn.microsoft.com/graph/api/serviceprincipal-upsert */
export function writeServicePrincipal(tenant: Tenant, key: Key, body: Body, createIfMissing: boolean): Written {
  const { directory, visibility } = tenant;
  checkEntity("ServicePrincipal", body, servicePrincipalProperties);
  const known = [...directory.servicePrincipals.values()].find(({ appId }) => appId === key.value);
  if (known !== undefined || !createIfMissing || key.property !== "appId") {
    const current = known ?? findServicePrincipal(tenant, key);
    directory.putServicePrincipal(merge({ ...current }, body));
    return undefined;
  }
  const application = [...directory.applications.values()].find(({ appId }) => appId === key.value);
  if (application === undefined || !visibility.finds(application.id)) throw noBackingApplication(key.value);
  const { appId, displayName, tags } = application;
  const made = directory.putServicePrincipal({ displayName, tags, ...body, appId, servicePrincipalNames: [appId] });
  visibility.created(made.id);
  return made;
}

function noBackingApplication(appId: string): Error {
  const message = `The appId '${appId}' of the service principal does not reference a valid application object.`;
  return badRequest(message, [{ code: "NoBackingApplicationObject", target: "appId", message }]);
}

/** https://learn.microsoft.com/graph/api/federatedidentitycredential-upsert */
export function writeCredential(
  tenant: Tenant,
  applicationKey: Key,
  name: string,
  body: Body,
  createIfMissing: boolean,
): Written {
  checkCredentialBody(name, body);
  const { id } = findApplication(tenant, applicationKey);
  const all = tenant.directory.federatedCredentials(id);
  const known = all.find((each) => each.name === name);
  if (known === undefined && !createIfMissing) throw notFound(name);
  const blank = { id: randomUUID(), name, issuer: "", subject: "", audiences: [], description: null };
  const changed = merge({ ...(known ?? blank) }, body) as unknown as FederatedIdentityCredential;
  checkCredential(
    changed,
    all.filter((each) => each !== known),
  );
  tenant.directory.putFederatedCredential(id, changed);
  return known === undefined ? changed : undefined;
}
