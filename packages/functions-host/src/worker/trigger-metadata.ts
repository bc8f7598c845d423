import { groupQuery } from "../http/query.ts";
import type { RequestHead } from "../http/request.ts";
import type { RouteValues } from "../http/route-template.ts";
import type { RpcTypedData } from "./core-types.ts";

/**
 * What the host's HTTP extension sends to a worker besides the request. When it streams, `@azure/functions` builds the
 * request's `params` and `headers` from this. It has the members of a JSON body, then of the query, then of the route,
 * under case-insensitive names. The first spelling stays; the last value counts. `Query` and `Headers` are added unless
 * the name is already taken.
 * @param names all parameters of the route; one without a value removes what query and body have
 */
export function triggerMetadata(
  head: RequestHead,
  { names, values }: { readonly names: readonly string[]; readonly values: RouteValues },
  body: Buffer,
): Record<string, RpcTypedData> {
  const data = new CaseInsensitiveMap();
  for (const [name, value] of membersOf(body)) data.set(name, value);
  const query = groupQuery(head.query).map(({ name, values: all }) => [name, all.at(-1) ?? ""] as const);
  for (const [name, value] of query) if (name.toLowerCase() !== "code") data.set(name, { string: value });
  for (const name of names) data.set(name, values[name] === undefined ? undefined : { string: values[name] });
  if (!data.has("Query")) data.set("Query", { json: JSON.stringify(Object.fromEntries(query)) });
  if (!data.has("Headers")) data.set("Headers", { json: JSON.stringify(plainHeaders(head)) });
  return data.toRecord();
}

function plainHeaders({ headers }: RequestHead): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value ?? ""]));
}

/** The members of a JSON object that are neither lists nor null; scalars as .NET writes them. */
function membersOf(body: Buffer): [string, RpcTypedData][] {
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, member]: [string, unknown]): [string, RpcTypedData][] => {
    if (member === null || Array.isArray(member)) return [];
    return [[name, typeof member === "object" ? { json: JSON.stringify(member) } : { string: scalar(member) }]];
  });
}

function parseJson(body: Buffer): unknown {
  if (!/^\s*\{/.test(body.toString("utf8", 0, 64))) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function scalar(value: unknown): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

class CaseInsensitiveMap {
  readonly #entries = new Map<string, { readonly name: string; readonly value: RpcTypedData | undefined }>();

  has(name: string): boolean {
    return this.#entries.has(name.toLowerCase());
  }

  set(name: string, value: RpcTypedData | undefined): void {
    const key = name.toLowerCase();
    this.#entries.set(key, { name: this.#entries.get(key)?.name ?? name, value });
  }

  toRecord(): Record<string, RpcTypedData> {
    const record = Object.create(null) as Record<string, RpcTypedData>;
    for (const { name, value } of this.#entries.values()) if (value !== undefined) record[name] = value;
    return record;
  }
}
