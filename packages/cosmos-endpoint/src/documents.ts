import type { DatabaseSync } from "node:sqlite";
import { type Row, integer, text } from "./database-file.ts";
import type { PartitionKeyValue } from "./partition-key.ts";

/** Where a document is: an id is unique within a container and partition key only. */
export interface DocumentKey {
  readonly containerRid: string;
  readonly partitionKey: PartitionKeyValue;
  readonly id: string;
}

/** A document as it is kept: its JSON text with the system properties. */
export interface StoredDocument {
  readonly rid: string;
  readonly etag: string;
  /** Seconds since the epoch, undefined for never. */
  readonly expires: number | undefined;
  readonly body: string;
}

/** A stored document with the name of its container, for looking at the whole store. */
export interface DumpedDocument {
  readonly database: string;
  readonly container: string;
  readonly id: string;
  /** True when its time to live is over. No request finds it, and it will be removed. */
  readonly expired: boolean;
  readonly body: string;
}

/** The documents table. It knows nothing of requests. An expired document counts as missing. */
export interface Documents {
  find(key: DocumentKey): StoredDocument | undefined;
  /** Writes a document over whatever is there. */
  put(key: DocumentKey, document: StoredDocument): void;
  remove(key: DocumentKey): void;
  removeExpired(): void;
  /** Every document, or the `limit` written last; the latest first. */
  dump(limit?: number): DumpedDocument[];
  /** Grows with every write, over restarts too. */
  readonly logSequenceNumber: number;
}

const NO_LIMIT = -1;

/** The documents in an open data file. `now` is the time in seconds. */
export function openDocuments(file: DatabaseSync, now: () => number): Documents {
  const key = "container_rid = ? AND partition_key = ? AND id = ?";
  const select = file.prepare(`SELECT rid, etag, expires, body FROM documents WHERE ${key}`);
  const upsert = file.prepare(
    "INSERT OR REPLACE INTO documents (container_rid, partition_key, id, rid, etag, expires, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const remove = file.prepare(`DELETE FROM documents WHERE ${key}`);
  const removeExpired = file.prepare("DELETE FROM documents WHERE expires <= ?");
  const selectAll = file.prepare(`
    SELECT databases.id AS database, containers.id AS container, documents.id AS id, expires, body
    FROM documents JOIN containers ON containers.rid = container_rid JOIN databases ON databases.rid = database_rid
    ORDER BY documents.rowid DESC LIMIT ?`);
  const isOver = (expires: number | undefined) => expires !== undefined && expires <= now();
  // Microseconds since the epoch, so it is above every number of an earlier run without being stored.
  let logSequenceNumber = Date.now() * 1000;

  return {
    find({ containerRid, partitionKey, id }) {
      const row = select.get(containerRid, partitionKey, id);
      if (row === undefined) return undefined;
      const expires = expiresIn(row);
      if (isOver(expires)) return undefined;
      return { rid: text(row, "rid"), etag: text(row, "etag"), expires, body: text(row, "body") };
    },
    put({ containerRid, partitionKey, id }, { rid, etag, expires, body }) {
      logSequenceNumber += 1;
      upsert.run(containerRid, partitionKey, id, rid, etag, expires ?? null, body);
    },
    remove({ containerRid, partitionKey, id }) {
      logSequenceNumber += 1;
      remove.run(containerRid, partitionKey, id);
    },
    removeExpired() {
      removeExpired.run(now());
    },
    dump: (limit = NO_LIMIT) =>
      selectAll.all(limit).map((row) => ({
        database: text(row, "database"),
        container: text(row, "container"),
        id: text(row, "id"),
        expired: isOver(expiresIn(row)),
        body: text(row, "body"),
      })),
    get logSequenceNumber() {
      return logSequenceNumber;
    },
  };
}

function expiresIn(row: Row): number | undefined {
  return row["expires"] === null ? undefined : integer(row, "expires");
}
