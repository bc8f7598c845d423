import type { Catalog, Resource } from "./catalog.ts";
import type { Location } from "./regions.ts";
import type { ResourcePath } from "./resource-path.ts";
import { type Answer, type JsonObject, resourceAnswer } from "./responses.ts";

/** A request about the account, a database or a container. `origin` is what the client reached the endpoint by. */
export interface MetadataRequest {
  readonly path: ResourcePath;
  readonly body: JsonObject;
  readonly origin: string;
}

/** Answers a {@link MetadataRequest}. @throws CosmosError */
export type MetadataHandler = (request: MetadataRequest) => Answer;

/** The handlers by method and path shape ("Databases", "Collections" and the account of the REST API). */
export function metadataRoutes(
  catalog: Catalog,
  defaultConsistencyLevel: string,
  locations?: () => readonly Location[],
): ReadonlyMap<string, MetadataHandler> {
  const deleted: Answer = { status: 204, headers: {}, body: "" };
  const account = (origin: string) => databaseAccount(locations?.() ?? [local(origin)], defaultConsistencyLevel);
  return new Map<string, MetadataHandler>([
    ["GET ", ({ origin }) => resourceAnswer(200, JSON.stringify(account(origin)))],
    ["GET dbs", () => feed("Databases", catalog.databases())],
    ["POST dbs", ({ body }) => answer(201, catalog.createDatabase(body))],
    ["GET dbs/{}", ({ path }) => answer(200, catalog.database(path.database))],
    [
      "DELETE dbs/{}",
      ({ path }) => {
        catalog.deleteDatabase(path.database);
        return deleted;
      },
    ],
    ["GET dbs/{}/colls", ({ path }) => feed("DocumentCollections", catalog.containers(path.database))],
    ["POST dbs/{}/colls", ({ path, body }) => answer(201, catalog.createContainer(path.database, body))],
    ["GET dbs/{}/colls/{}", ({ path }) => answer(200, catalog.container(path.database, path.container))],
    [
      "DELETE dbs/{}/colls/{}",
      ({ path }) => {
        catalog.deleteContainer(path.database, path.container);
        return deleted;
      },
    ],
  ]);
}

// The SDK sends everything to the endpoints named here, so they must be the address that it used. It ignores them if
// the account's id is "localhost".
function local(origin: string): Location {
  return { name: "Local", databaseAccountEndpoint: `${origin}/` };
}

function databaseAccount(locations: readonly Location[], defaultConsistencyLevel: string): JsonObject {
  return {
    id: "local",
    _self: "",
    _rid: "local",
    _dbs: "//dbs/",
    writableLocations: locations.slice(0, 1),
    readableLocations: locations,
    enableMultipleWriteLocations: false,
    userConsistencyPolicy: { defaultConsistencyLevel },
  };
}

function answer(status: number, { json, etag }: Resource): Answer {
  return resourceAnswer(status, json, etag);
}

function feed(name: string, resources: readonly Resource[]): Answer {
  const items = resources.map(({ json }) => json).join(",");
  return resourceAnswer(200, `{"_rid":"","${name}":[${items}],"_count":${resources.length}}`);
}
