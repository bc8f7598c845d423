import { GraphError, badRequest } from "../graph/errors.ts";
import { select } from "../graph/request.ts";
import type { Change, Users } from "./users.ts";

/** What a state token stands for. */
interface Place {
  /** Number of changes when the round began. */
  readonly upTo: number;
  /** "all": the users themselves; otherwise the changes from this number on. */
  readonly from: "all" | number;
  /** How many of them earlier pages had. */
  readonly skipped: number;
  readonly select: string;
}

export interface DeltaOptions {
  readonly url: string;
  readonly pageSize: number;
  /** State tokens with fewer changes than this have expired. */
  readonly validFrom: number;
}

/**
 * `GET /users/delta`: all users, then those that have changed since (https://learn.microsoft.com/graph/api/user-delta).
 * @throws {GraphError} 410 for a state token that has expired, 400 for one that is none
 */
export function deltaOf(users: Users, query: URLSearchParams, options: DeltaOptions): object {
  const token = query.get("$skiptoken") ?? query.get("$deltatoken");
  if (token !== null && query.has("$select")) throw badRequest("$select is part of the state token.");
  const start: Place = { upTo: users.changes.length, from: "all", skipped: 0, select: query.get("$select") ?? "" };
  const place = token === null ? start : placeIn(token);
  if (place.upTo < options.validFrom) {
    throw new GraphError(410, "resyncRequired", "The delta token is expired, and data must be synchronized again.");
  }
  // A delta token leads to what has changed since its round began.
  const current = query.has("$deltatoken")
    ? { ...place, from: place.upTo, upTo: users.changes.length, skipped: 0 }
    : place;
  const entries = entriesAt(users, current);
  const page = entries.slice(current.skipped, current.skipped + options.pageSize);
  const skipped = current.skipped + page.length;
  const [link, name] = skipped < entries.length ? ["nextLink", "skiptoken"] : ["deltaLink", "deltatoken"];
  return {
    "@odata.context": `${options.url}/v1.0/$metadata#users(${current.select})`,
    value: page,
    [`@odata.${link}`]: `${options.url}/v1.0/users/delta?$${name}=${tokenOf({ ...current, skipped })}`,
  };
}

function entriesAt(users: Users, { from, upTo, select: names }: Place): object[] {
  const properties = names === "" ? undefined : ["id", ...names.split(",")];
  const shown = (id: string) => {
    const user = users.all.get(id);
    return user ? [select(user, properties, "user")] : [];
  };
  if (from === "all") return [...users.all.keys()].flatMap(shown);
  const last = new Map<string, Change>(users.changes.slice(from, upTo).map((change) => [change.id, change]));
  return [...last.values()].flatMap(({ id, removed }) =>
    removed ? [{ id, "@removed": { reason: removed } }] : shown(id),
  );
}

function tokenOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function placeIn(token: string): Place {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString()) as Place;
  } catch {
    throw new GraphError(400, "syncStateNotFound", "The sync state generation is not found.");
  }
}
