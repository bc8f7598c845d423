import type { DirectoryState } from "../account/directory-state.ts";
import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { isRecord } from "../core/encoding.ts";
import { GraphError } from "./errors.ts";
import { askGraph, type GraphAnswer } from "./graph.ts";
import { decidingProperties } from "./verdict.ts";

/** One page of a delta query. */
export interface DeltaPage {
  readonly users: readonly Readonly<Record<string, unknown>>[];
  readonly nextLink: string | null;
  readonly deltaLink: string | null;
}

const beginning = `users/delta?$select=${decidingProperties}`;

/**
 * The page at the place that is kept: of all users or, after a round of them, of those that have changed since.
 * @throws {GraphError}
 */
export async function deltaPage(
  app: App,
  directory: DirectoryConfiguration,
  { nextLink, deltaLink }: DirectoryState,
  { signal }: Invocation,
): Promise<DeltaPage> {
  const target = nextLink ?? deltaLink ?? beginning;
  const answer = await askGraph(app, directory, { method: "GET", target }, signal);
  // Microsoft Graph no longer knows the place: a link lives for 7 days.
  if (target !== beginning && isLost(answer)) return { users: [], nextLink: beginning, deltaLink: null };
  const {
    value,
    "@odata.nextLink": next,
    "@odata.deltaLink": delta,
  }: Record<string, unknown> = answer.status === 200 && isRecord(answer.body) ? answer.body : {};
  if (!Array.isArray(value)) throw new GraphError(answer.status === 200 ? "unreadable" : String(answer.status));
  const links = { nextLink: textIn(next), deltaLink: textIn(delta) };
  if (links.nextLink === null && links.deltaLink === null) throw new GraphError("unreadable");
  return { users: value.filter(isRecord), ...links };
}

function isLost({ status, body }: GraphAnswer): boolean {
  if (status === 410) return true;
  const { error } = isRecord(body) ? body : {};
  return status === 400 && isRecord(error) && /^syncState/i.test(String(error["code"]));
}

function textIn(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
