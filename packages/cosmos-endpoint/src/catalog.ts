import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { type ContainerDefinition, checkedContainerDefinition } from "./container-definition.ts";
import { text } from "./database-file.ts";
import { checkedId } from "./resource-ids.ts";
import { newContainerRid, newDatabaseRid } from "./resource-rids.ts";
import { CosmosError, type JsonObject, Substatus, isJsonObject } from "./responses.ts";

/** A database or container, with its JSON text as it is returned. */
export interface Resource {
  readonly rid: string;
  readonly id: string;
  readonly etag: string;
  readonly json: string;
}

/** A container, with what operations on its documents need. */
export interface Container extends Resource {
  readonly selfLink: string;
  readonly definition: ContainerDefinition;
}

/** The databases and containers of the account. They are also kept in memory, because every request needs them. */
export interface Catalog {
  databases(): Resource[];
  createDatabase(body: JsonObject): Resource;
  /** @throws CosmosError 404 */
  database(id: string): Resource;
  /** Deletes it and everything in it. @throws CosmosError 404 */
  deleteDatabase(id: string): void;
  containers(database: string): Container[];
  createContainer(database: string, body: JsonObject): Container;
  /** @throws CosmosError 404 */
  container(database: string, id: string): Container;
  /** The container of a document. @throws CosmosError 404 with the substatus for a missing owner */
  owner(database: string, id: string): Container;
  /** Deletes it and everything in it. @throws CosmosError 404 */
  deleteContainer(database: string, id: string): void;
}

interface Database extends Resource {
  readonly containers: Map<string, Container>;
}

/** The catalog in an open data file. `now` is the time in seconds. */
export function openCatalog(file: DatabaseSync, now: () => number): Catalog {
  const databases = loadDatabases(file);
  const insertDatabase = file.prepare("INSERT INTO databases (rid, id, etag, resource) VALUES (?, ?, ?, ?)");
  const removeDatabase = file.prepare("DELETE FROM databases WHERE rid = ?");
  const insertContainer = file.prepare(
    "INSERT INTO containers (rid, id, etag, resource, database_rid) VALUES (?, ?, ?, ?, ?)",
  );
  const removeContainer = file.prepare("DELETE FROM containers WHERE rid = ?");

  const database = (id: string) => databases.get(id) ?? missing(`There is no database '${id}'.`);
  const ownerDatabase = (id: string) => databases.get(id) ?? missingOwner(`There is no database '${id}'.`);

  return {
    databases: () => [...databases.values()],
    database,
    createDatabase(body) {
      const created = newDatabase(checkedId(body["id"]), now());
      if (databases.has(created.id)) throw conflict(`The database '${created.id}' exists already.`);
      insertDatabase.run(created.rid, created.id, created.etag, created.json);
      databases.set(created.id, created);
      return created;
    },
    deleteDatabase(id) {
      removeDatabase.run(database(id).rid);
      databases.delete(id);
    },
    containers: (of) => [...ownerDatabase(of).containers.values()],
    createContainer(of, body) {
      const parent = ownerDatabase(of);
      const created = newContainer(parent.rid, checkedContainerDefinition(body), now());
      if (parent.containers.has(created.id)) throw conflict(`The container '${created.id}' exists already.`);
      insertContainer.run(created.rid, created.id, created.etag, created.json, parent.rid);
      parent.containers.set(created.id, created);
      return created;
    },
    container: (of, id) => ownerDatabase(of).containers.get(id) ?? missing(`There is no container '${id}'.`),
    owner: (of, id) => ownerDatabase(of).containers.get(id) ?? missingOwner(`There is no container '${id}'.`),
    deleteContainer(of, id) {
      const { containers } = ownerDatabase(of);
      removeContainer.run((containers.get(id) ?? missing(`There is no container '${id}'.`)).rid);
      containers.delete(id);
    },
  };
}

function newDatabase(id: string, timestamp: number): Database {
  const rid = newDatabaseRid();
  const etag = newEtag();
  const system = { _rid: rid, _self: `dbs/${rid}/`, _etag: etag, _colls: "colls/", _users: "users/", _ts: timestamp };
  return { rid, id, etag, json: JSON.stringify({ id, ...system }), containers: new Map() };
}

function newContainer(databaseRid: string, definition: ContainerDefinition, timestamp: number): Container {
  const rid = newContainerRid(databaseRid);
  const etag = newEtag();
  const selfLink = `dbs/${databaseRid}/colls/${rid}/`;
  const feeds = {
    _docs: "docs/",
    _sprocs: "sprocs/",
    _triggers: "triggers/",
    _udfs: "udfs/",
    _conflicts: "conflicts/",
  };
  const system = { _rid: rid, _self: selfLink, _etag: etag, ...feeds, _ts: timestamp };
  const json = JSON.stringify({ ...definition.properties, ...system });
  return { rid, id: definition.id, etag, json, selfLink, definition };
}

function loadDatabases(file: DatabaseSync): Map<string, Database> {
  const databases = new Map<string, Database>();
  for (const row of file.prepare("SELECT rid, id, etag, resource FROM databases ORDER BY rowid").all()) {
    const id = text(row, "id");
    const rid = text(row, "rid");
    const containers = loadContainers(file, rid);
    databases.set(id, { rid, id, etag: text(row, "etag"), json: text(row, "resource"), containers });
  }
  return databases;
}

function loadContainers(file: DatabaseSync, databaseRid: string): Map<string, Container> {
  const containers = new Map<string, Container>();
  const rows = file.prepare("SELECT rid, id, etag, resource FROM containers WHERE database_rid = ? ORDER BY rowid");
  for (const row of rows.all(databaseRid)) {
    const id = text(row, "id");
    const rid = text(row, "rid");
    const json = text(row, "resource");
    const properties: unknown = JSON.parse(json);
    const definition = checkedContainerDefinition(isJsonObject(properties) ? properties : {});
    const selfLink = `dbs/${databaseRid}/colls/${rid}/`;
    containers.set(id, { rid, id, etag: text(row, "etag"), json, selfLink, definition });
  }
  return containers;
}

/** A new entity tag, in the quotes that belong to it. */
export function newEtag(): string {
  return `"${randomUUID()}"`;
}

function missing(message: string): never {
  throw new CosmosError(404, message);
}

function missingOwner(message: string): never {
  throw new CosmosError(404, message, Substatus.ownerNotFound);
}

function conflict(message: string): CosmosError {
  return new CosmosError(409, message);
}
