import { checkedPartitionKeyPath } from "./partition-key.ts";
import { checkedId } from "./resource-ids.ts";
import { type JsonObject, badRequest, isJsonObject, notImplemented } from "./responses.ts";
import { checkedTimeToLive } from "./time-to-live.ts";

/** A container as its creator defined it, after checks, and what this endpoint reads from the definition. */
export interface ContainerDefinition {
  readonly id: string;
  readonly partitionKeyPath: string;
  /** Seconds; -1 for "only documents with a ttl expire"; undefined for "nothing expires". */
  readonly defaultTtl: number | undefined;
  /** The properties to show when the container is read. */
  readonly properties: JsonObject;
}

const IMPLEMENTED = new Set(["id", "partitionKey", "defaultTtl", "indexingPolicy"]);

const DEFAULT_INDEXING_POLICY = {
  indexingMode: "consistent",
  automatic: true,
  includedPaths: [{ path: "/*" }],
  excludedPaths: [{ path: '/"_etag"/?' }],
};

/**
 * Checks the body of a request that creates a container ("Create a Collection").
 * @throws CosmosError 400 for a wrong definition, 501 for properties with an effect this endpoint does not have
 */
export function checkedContainerDefinition(body: JsonObject): ContainerDefinition {
  refuseOtherProperties(body);
  const id = checkedId(body["id"]);
  const partitionKeyPath = checkedPartitionKeyPath(body["partitionKey"]);
  const defaultTtl = checkedTimeToLive(body["defaultTtl"]);
  const indexingPolicy = body["indexingPolicy"] ?? DEFAULT_INDEXING_POLICY;
  if (!isJsonObject(indexingPolicy)) throw badRequest("The indexing policy is not an object.");
  if (defaultTtl !== undefined && String(indexingPolicy["indexingMode"]).toLowerCase() === "none") {
    throw badRequest("Time to live needs an index: the indexing mode may not be 'none'.");
  }
  const partitionKey = { ...(isJsonObject(body["partitionKey"]) ? body["partitionKey"] : {}), kind: "Hash" };
  const timeToLive = defaultTtl === undefined ? {} : { defaultTtl };
  return { id, partitionKeyPath, defaultTtl, properties: { id, indexingPolicy, partitionKey, ...timeToLive } };
}

function refuseOtherProperties(body: JsonObject): void {
  for (const name of Object.keys(body)) {
    // A definition that was read from one account to be created in another still has system properties.
    if (!IMPLEMENTED.has(name) && !name.startsWith("_")) throw notImplemented(`the container property '${name}'`);
  }
}
