import { CosmosError, badRequest, notImplemented } from "./responses.ts";

/** A resource as a request path names it. */
export interface ResourcePath {
  /** `dbs`, `colls`, `docs`, …; "" for the account. */
  readonly resourceType: string;
  /** What a signature covers: the resource, or the parent of a feed; unencoded, without slashes at the ends. */
  readonly resourceLink: string;
  /** The path with every id replaced by `{}`, for example `dbs/{}/colls`. */
  readonly shape: string;
  readonly database: string;
  readonly container: string;
  readonly document: string;
}

const SERVED_SHAPES = new Set([
  "",
  "dbs",
  "dbs/{}",
  "dbs/{}/colls",
  "dbs/{}/colls/{}",
  "dbs/{}/colls/{}/docs",
  "dbs/{}/colls/{}/docs/{}",
]);

const OTHER_RESOURCES = new Map([
  ["sprocs", "stored procedures"],
  ["triggers", "triggers"],
  ["udfs", "user-defined functions"],
  ["conflicts", "the conflict feed"],
  ["pkranges", "partition key ranges"],
  ["users", "users and permissions"],
  ["permissions", "users and permissions"],
  ["clientencryptionkeys", "client encryption keys"],
  ["attachments", "attachments"],
  ["media", "attachments"],
  ["offers", "throughput offers"],
]);

const OTHER_METHODS = new Map([
  ["GET dbs/{}/colls/{}/docs", "reading all documents of a container or its change feed"],
  ["PATCH dbs/{}/colls/{}/docs/{}", "patch"],
  ["PUT dbs/{}/colls/{}", "replacing a container"],
]);

/**
 * Reads a request path. Resource types and ids alternate: `/dbs/{database}/colls/{container}/docs/{document}`.
 * @throws CosmosError 400 for a path that is not percent-encoded UTF-8, has an empty part or a query string
 */
export function parseResourcePath(url: string): ResourcePath {
  if (url.includes("?")) throw badRequest("A resource path has no query string, and an id has no question mark.");
  const parts = url.split("/").filter((part, index, all) => part !== "" || (index > 0 && index < all.length - 1));
  if (parts.includes("")) throw badRequest("The resource path has an empty part.");
  const segments = parts.map(decodedSegment);
  const isFeed = segments.length % 2 === 1;
  return {
    resourceType: (isFeed ? segments.at(-1) : segments.at(-2)) ?? "",
    resourceLink: (isFeed ? segments.slice(0, -1) : segments).join("/"),
    shape: segments.map((segment, index) => (index % 2 === 0 ? segment : "{}")).join("/"),
    database: segments[1] ?? "",
    container: segments[3] ?? "",
    document: segments[5] ?? "",
  };
}

/** The refusal for a method and path that no route serves: 501 if Azure Cosmos DB has it, otherwise 405 or 404. */
export function unservedPath(method: string, { shape, resourceType }: ResourcePath): CosmosError {
  const named = OTHER_RESOURCES.get(resourceType) ?? OTHER_METHODS.get(`${method} ${shape}`);
  if (named !== undefined) return notImplemented(named);
  if (SERVED_SHAPES.has(shape)) {
    return new CosmosError(405, `The method ${method} does not apply to this resource.`);
  }
  return new CosmosError(404, "There is no such kind of resource.");
}

function decodedSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest("The resource path is not percent-encoded UTF-8.");
  }
}
