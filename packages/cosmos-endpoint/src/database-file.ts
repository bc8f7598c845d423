import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

/** A row as `node:sqlite` returns it. */
export type Row = Record<string, SQLOutputValue>;

const SCHEMA_VERSION = 1;

const SQLITE_BUSY = 5;

const SCHEMA = `
  CREATE TABLE databases (
    rid TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, etag TEXT NOT NULL, resource TEXT NOT NULL
  ) STRICT;
  CREATE TABLE containers (
    rid TEXT PRIMARY KEY, id TEXT NOT NULL, etag TEXT NOT NULL, resource TEXT NOT NULL,
    database_rid TEXT NOT NULL REFERENCES databases ON DELETE CASCADE,
    UNIQUE (database_rid, id)
  ) STRICT;
  CREATE TABLE documents (
    container_rid TEXT NOT NULL REFERENCES containers ON DELETE CASCADE,
    partition_key TEXT NOT NULL, id TEXT NOT NULL,
    rid TEXT NOT NULL, etag TEXT NOT NULL, expires INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (container_rid, partition_key, id)
  ) STRICT;
  CREATE INDEX documents_by_expiry ON documents (expires) WHERE expires IS NOT NULL;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/**
 * Opens the SQLite file, or ":memory:", and creates its tables if it is new. A write is committed before the call
 * returns, so a killed process loses nothing. (A power failure may lose something, because the log is not forced to
 * disk for every write.)
 * @throws Error when another process uses the file, or when its tables are of another version
 */
export function openDatabaseFile(dataFile: string): DatabaseSync {
  if (dataFile !== ":memory:") mkdirSync(dirname(dataFile), { recursive: true });
  const file = new DatabaseSync(dataFile);
  try {
    prepareFile(file, dataFile);
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}

function prepareFile(file: DatabaseSync, dataFile: string): void {
  // This process compares ETags. A second process on the same file could write in between, so it is kept out.
  file.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON");
  try {
    // A page takes most documents whole, and the cache every inner page of a large index. A file keeps its page size.
    file.exec("PRAGMA page_size = 8192; PRAGMA cache_size = -16384");
    file.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN EXCLUSIVE");
  } catch (cause) {
    const reason = isBusy(cause) ? "another process is using it" : "it is not a data file of this endpoint";
    throw new Error(`The data file ${dataFile} cannot be opened: ${reason}.`, { cause });
  }
  const version = integer(file.prepare("PRAGMA user_version").get() ?? {}, "user_version");
  if (version === 0) file.exec(SCHEMA);
  file.exec("COMMIT");
  if (version !== 0 && version !== SCHEMA_VERSION) {
    throw new Error(`The data file ${dataFile} has the layout of another version. Delete it to start afresh.`);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

/** The text in a column. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`Column ${column} holds no text.`);
  return value;
}

/** The integer in a column. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new TypeError(`Column ${column} holds no integer.`);
  return value;
}
