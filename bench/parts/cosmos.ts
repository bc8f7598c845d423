import { DatabaseSync } from "node:sqlite";
import { startCosmosEndpoint, type Operation } from "@entra-functions-bff/cosmos-endpoint";
import { serve } from "./part.ts";

/** The local Cosmos DB endpoint. Arguments: its data file. */
const [dataFile = ""] = process.argv.slice(2);
let endpoint = await startCosmosEndpoint({ port: 0, dataFile });
const port = Number(new URL(endpoint.url).port);

const methods = {
  connectionString: () => endpoint.connectionString,
  clearOperations: () => endpoint.operations.clear(),
  /** Operations on documents since they were last cleared, oldest first. */
  operations: (): Operation[] => endpoint.operations.all(),
  /** How many documents a container holds. */
  countDocuments: (container: string) => endpoint.dump().filter((document) => document.container === container).length,
  /**
   * Writes `count` documents of about 1 KB directly into a container's table, because through the endpoint a million
   * would take an hour. They represent other accounts.
   */
  async fill(container: string, count: number) {
    await endpoint.stop();
    insert(new DatabaseSync(dataFile), container, count);
    endpoint = await startCosmosEndpoint({ port, dataFile });
  },
};

export type CosmosMethods = typeof methods;
serve(methods);

/**
 * One statement, without a journal, for a file that nobody reads before it is complete. Keys are spread evenly and
 * inserted in their order, so that each page of the index is written once.
 */
function insert(database: DatabaseSync, container: string, count: number): void {
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144");
  const statement = database.prepare(`
    WITH RECURSIVE
      numbers (number) AS (VALUES (0) UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < :count),
      keys AS (SELECT printf('%08x', number * (4294967295 / :count)) || lower(hex(randomblob(28))) AS id FROM numbers)
    INSERT INTO documents (container_rid, partition_key, id, rid, etag, expires, body)
    SELECT containers.rid, '"' || keys.id || '"', keys.id, substr(keys.id, 1, 16), '"' || keys.id || '"', :expires,
      '{"id":"' || keys.id || '","filler":"' || :filler || '"}'
    FROM keys JOIN containers ON containers.id = :container`);
  const expires = Math.floor(Date.now() / 1000) + 86_400;
  if (count > 0) statement.run({ count, container, expires, filler: "x".repeat(900) });
  database.close();
}
