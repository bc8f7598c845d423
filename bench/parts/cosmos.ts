import { randomBytes } from "node:crypto";
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
   * Writes `count` documents of about 1 KB directly into a container's table, because through the endpoint it would
   * take minutes. They represent other accounts.
   */
  async fill(container: string, count: number) {
    await endpoint.stop();
    insert(new DatabaseSync(dataFile), container, count);
    endpoint = await startCosmosEndpoint({ port, dataFile });
  },
};

export type CosmosMethods = typeof methods;
serve(methods);

function insert(database: DatabaseSync, container: string, count: number): void {
  const row = database.prepare("SELECT rid FROM containers WHERE id = ?").get(container);
  const put = database.prepare(
    "INSERT INTO documents (container_rid, partition_key, id, rid, etag, expires, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const expires = Math.floor(Date.now() / 1000) + 86_400;
  database.exec("BEGIN");
  for (let index = 0; index < count; index++) {
    const id = randomBytes(32).toString("base64url");
    const body = JSON.stringify({ id, filler: randomBytes(700).toString("base64url") });
    put.run(row?.["rid"] ?? null, JSON.stringify(id), id, randomBytes(12).toString("base64"), `"${id}"`, expires, body);
  }
  database.exec("COMMIT");
  database.close();
}
