import { type JsonObject, badRequest, isJsonObject, notImplemented } from "./responses.ts";

/**
 * A partition key value as canonical JSON text, fit for comparing and storing. `{}` stands for a document without the
 * property, as on the wire.
 */
export type PartitionKeyValue = string;

/**
 * Reads the header `x-ms-documentdb-partitionkey`, a JSON array with one value for each path.
 * @throws CosmosError 400 when it is missing or malformed
 */
export function parsePartitionKeyHeader(header: string | undefined): PartitionKeyValue {
  if (header === undefined) throw badRequest("The header x-ms-documentdb-partitionkey is missing.");
  const values = parsedJson(header);
  if (!Array.isArray(values) || values.length !== 1) {
    throw badRequest("The header x-ms-documentdb-partitionkey must be a JSON array with one value.");
  }
  return canonical(values[0]);
}

/** The value at `path` (`/id`, `/owner/name`) of a document. @throws CosmosError 400 for an array or an object there */
export function partitionKeyOf(document: JsonObject, path: string): PartitionKeyValue {
  let value: unknown = document;
  for (const name of path.slice(1).split("/")) {
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return canonical(value === undefined ? {} : value);
}

/**
 * Reads the partition key definition of a new container: one path.
 * @throws CosmosError 400, or 501 for hierarchical keys and quoted paths
 */
export function checkedPartitionKeyPath(definition: unknown): string {
  const paths = isJsonObject(definition) ? definition["paths"] : undefined;
  if (!Array.isArray(paths) || paths.length === 0) throw badRequest("The container has no partition key definition.");
  const path: unknown = paths[0];
  if (paths.length > 1) throw notImplemented("hierarchical partition keys");
  if (typeof path !== "string" || !/^(\/[^/]+)+$/.test(path)) throw badRequest("The partition key path is not a path.");
  if (/["'\\*[\]]/.test(path)) throw notImplemented("quoted partition key paths");
  return path;
}

function canonical(value: unknown): PartitionKeyValue {
  const isScalar = value === null || ["string", "number", "boolean"].includes(typeof value);
  const isNone = isJsonObject(value) && Object.keys(value).length === 0;
  if (!isScalar && !isNone) throw badRequest("A partition key value is a string, a number, a boolean or null.");
  return JSON.stringify(value);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("The header x-ms-documentdb-partitionkey is not JSON.");
  }
}
