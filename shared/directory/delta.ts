import type { DirectoryState } from "../account/directory-state.ts";
import type { App, Invocation } from "../app/app.ts";
import type { DirectoryConfiguration } from "../configuration/directory.ts";
import { isRecord } from "../core/encoding.ts";
import { GraphError } from "./errors.ts";
import { askGraph } from "./graph.ts";
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
  if (target !== beginning && lost.has(answer.status)) return { users: [], nextLink: beginning, deltaLink: null };
  const {
    value,
    "@odata.nextLink": next,
    "@odata.deltaLink": delta,
  }: Record<string, unknown> = answer.status === 200 && isRecord(answer.body) ? answer.body : {};
  if (!Array.isArray(value)) throw new GraphError(answer.status === 200 ? "unreadable" : String(answer.status));
  const links = { nextLink: linkIn(next, directory), deltaLink: linkIn(delta, directory) };
  if (links.nextLink === null && links.deltaLink === null) throw new GraphError("unreadable");
  return { users: value.filter(isRecord), ...links };
}

/** Documented is 410. To a token that has expired, Microsoft Graph answers 400, with various codes. */
const lost = new Set([400, 404, 410]);

/** The next place, if the page names one. A link that the app would not follow is not kept: it would be in the way for ever. */
function linkIn(value: unknown, { graphUrl }: DirectoryConfiguration): string | null {
  if (typeof value !== "string") return null;
  if (!URL.canParse(value) || new URL(value).origin !== graphUrl) throw new GraphError("foreign_link");
  return value;
}
