import type { IncomingHttpHeaders } from "node:http";
import type { OperationKind } from "./operation-log.ts";
import { type PartitionKeyValue, parsePartitionKeyHeader } from "./partition-key.ts";
import { checkedId } from "./resource-ids.ts";
import type { ResourcePath } from "./resource-path.ts";
import { type JsonObject, badRequest, notImplemented } from "./responses.ts";

/** A point operation, read from a request and not yet carried out. */
export interface DocumentRequest {
  readonly kind: Exclude<OperationKind, "metadata">;
  readonly database: string;
  readonly container: string;
  readonly id: string;
  readonly partitionKey: PartitionKeyValue;
  /** The new document; absent for read and delete. */
  readonly document?: JsonObject;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

const MAX_NESTING = 128;

/**
 * Reads a point operation ("Create / Get / Replace / Delete a Document"). `body` is undefined for GET and DELETE.
 * @throws CosmosError 400 for a malformed request, 501 for queries, batches, triggers and other conditions
 */
export function parseDocumentRequest(
  method: string,
  path: ResourcePath,
  headers: IncomingHttpHeaders,
  body: JsonObject | undefined,
): DocumentRequest {
  const kind = kindOf(method, headers);
  refuseTriggers(headers);
  refuseOtherConditions(kind, headers);
  if (body !== undefined) refuseDeepNesting(body);
  return {
    kind,
    database: path.database,
    container: path.container,
    id: method === "POST" ? checkedId(body?.["id"]) : checkedId(path.document),
    partitionKey: parsePartitionKeyHeader(single(headers, "x-ms-documentdb-partitionkey")),
    ...(body === undefined ? {} : { document: body }),
    ifMatch: headers["if-match"],
    ifNoneMatch: headers["if-none-match"],
  };
}

/**
 * Refuses what arrives by POST at a container's documents without being a document.
 * @throws CosmosError 501
 */
export function refuseQueriesAndBatches(headers: IncomingHttpHeaders): void {
  const isQuery = isTrue(headers, "x-ms-documentdb-isquery") || isTrue(headers, "x-ms-cosmos-is-query-plan-request");
  if (isQuery || headers["content-type"]?.startsWith("application/query+json") === true)
    throw notImplemented("queries");
  if (isTrue(headers, "x-ms-cosmos-is-batch-request")) throw notImplemented("batch and bulk operations");
}

function kindOf(method: string, headers: IncomingHttpHeaders): DocumentRequest["kind"] {
  if (method === "GET") return "read";
  if (method === "PUT") return "replace";
  if (method === "DELETE") return "delete";
  return isTrue(headers, "x-ms-documentdb-is-upsert") ? "upsert" : "create";
}

function refuseTriggers(headers: IncomingHttpHeaders): void {
  if ("x-ms-documentdb-pre-trigger-include" in headers || "x-ms-documentdb-post-trigger-include" in headers) {
    throw notImplemented("triggers");
  }
}

// Azure documents If-None-Match for reads, and If-Match for replace and delete. Upsert is known to respect If-Match
// too.
function refuseOtherConditions(kind: DocumentRequest["kind"], headers: IncomingHttpHeaders): void {
  if ("if-modified-since" in headers) throw notImplemented("If-Modified-Since");
  if ("if-match" in headers && (kind === "read" || kind === "create")) throw notImplemented(`If-Match on ${kind}`);
  if ("if-none-match" in headers && kind !== "read") throw notImplemented(`If-None-Match on ${kind}`);
}

function refuseDeepNesting(document: JsonObject): void {
  if (depth(document, 0) > MAX_NESTING) throw badRequest(`A document may not be nested more than ${MAX_NESTING} deep.`);
}

function depth(value: unknown, above: number): number {
  if (typeof value !== "object" || value === null || above > MAX_NESTING) return above;
  let deepest = above + 1;
  for (const child of Object.values(value)) deepest = Math.max(deepest, depth(child, above + 1));
  return deepest;
}

function isTrue(headers: IncomingHttpHeaders, name: string): boolean {
  return single(headers, name)?.toLowerCase() === "true";
}

function single(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}
