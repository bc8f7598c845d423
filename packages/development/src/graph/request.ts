import type { IncomingMessage } from "node:http";
import { isGuid, isObject } from "./checks.ts";
import { badRequest, GraphError, notImplemented } from "./errors.ts";

/** How an object is named in a path: `/{id}`, or an alternate key as in `(appId='…')`. */
export interface Key {
  readonly property: string;
  readonly value: string;
}

/** Which part of which collection a request is about. */
export interface Target {
  readonly collection: string;
  readonly key?: Key;
  readonly navigation?: string;
  readonly navigationKey?: Key;
}

/**
 * Reads the path below `/v1.0/`.
 * @throws {GraphError} 400 for a malformed id, 501 for a form that is not supported
 */
export function readTarget(path: string): Target {
  const [first = "", ...rest] = path.split("/").map(decodeURIComponent);
  const keyed = /^(\w+)\((\w+)='(.*)'\)$/.exec(first);
  const key = keyed ? toKey(keyed[2], keyed[3]) : idKey(rest.shift());
  const collection = keyed?.[1] ?? first;
  const [second, ...more] = rest;
  if (more.length > 0) throw notImplemented(`the path ${path}`);
  if (key === undefined) return { collection };
  if (second === undefined) return { collection, key };
  const inner = /^(\w+)\((\w+)='(.*)'\)$/.exec(second);
  if (!inner) return { collection, key, navigation: second };
  return { collection, key, navigation: inner[1] ?? "", navigationKey: toKey(inner[2], inner[3]) };
}

function toKey(property = "", value = ""): Key {
  if (property === "appId" && !isGuid(value)) throw badRequest(`Invalid value specified for the key '${property}'.`);
  return { property, value: unquote(value) };
}

function idKey(id: string | undefined): Key | undefined {
  if (id === undefined) return undefined;
  if (isGuid(id)) return { property: "id", value: id };
  throw badRequest(`Invalid object identifier '${String(id)}'.`);
}

/** In an OData literal a quote is doubled. */
function unquote(literal: string): string {
  return literal.replaceAll("''", "'");
}

export interface Query {
  readonly select: readonly string[] | undefined;
  readonly filter: string | undefined;
  readonly top: number;
  /** How many objects the pages before had. */
  readonly skip: number;
  /** The address of the page that begins after so many objects. */
  pageAfter(skip: number): string;
}

const skipToken = "$skiptoken";

/** @throws {GraphError} 501 for an option that is not supported, 400 for a bad value */
export function readQuery(url: URL): Query {
  const { searchParams: parameters } = url;
  for (const name of parameters.keys()) {
    if (!["$select", "$filter", "$top", skipToken].includes(name)) throw notImplemented(`the query option ${name}`);
  }
  const top = Number(parameters.get("$top") ?? 100);
  if (!Number.isInteger(top) || top < 1 || top > 999) throw badRequest("Invalid page size specified.");
  return {
    select: parameters.get("$select")?.split(","),
    filter: parameters.get("$filter") ?? undefined,
    top,
    skip: Number(Buffer.from(parameters.get(skipToken) ?? "", "base64url").toString()),
    pageAfter(skip) {
      const next = new URL(url);
      next.searchParams.set(skipToken, Buffer.from(String(skip)).toString("base64url"));
      return next.href;
    },
  };
}

/** The properties that `$select` names, or all of them. @throws {GraphError} 400 for one that does not exist */
export function select(object: object, names: readonly string[] | undefined, type: string): object {
  const properties = new Map<string, unknown>(Object.entries(object));
  if (names === undefined) return object;
  return Object.fromEntries(
    names.map((name) => {
      if (properties.has(name)) return [name, properties.get(name)];
      const message = `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`;
      throw new GraphError(400, "BadRequest", message);
    }),
  );
}

/** The string that the only filter of the form `<prefix>'…'<suffix>` compares with. @throws {GraphError} 501 for any other */
export function readFilter(filter: string, prefix: string, suffix = ""): string {
  const literal = filter.slice(prefix.length, filter.length - suffix.length);
  const quoted = /^'((?:[^']|'')*)'$/.exec(literal)?.[1];
  if (!filter.startsWith(prefix) || !filter.endsWith(suffix) || quoted === undefined) {
    throw notImplemented(`the filter ${filter}`);
  }
  return unquote(quoted);
}

const bodyLimit = 1024 * 1024;

/** @throws {GraphError} 400, 413 or 415 */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    throw new GraphError(415, "UnsupportedMediaType", "The content type of the request is not application/json.");
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) throw new GraphError(413, "RequestEntityTooLarge", "The request is too large.");
    chunks.push(chunk);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    if (isObject(body)) return body;
  } catch {
    // Reported below, like JSON that is not an object.
  }
  throw new GraphError(400, "BadRequest", "Unable to read JSON request payload.");
}
