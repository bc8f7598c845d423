import type { Database } from "@azure/cosmos";
import { containerNames } from "../../shared/account/cosmos.ts";
import { isNotBeforeDocument, notBeforeId } from "../../shared/account/not-before.ts";
import { inGroups } from "../../shared/directory/work.ts";

/** Why nothing more can be deleted. */
export class SweepError extends Error {}

export interface Swept {
  /** When everybody was signed out: ISO 8601, UTC. */
  readonly before: string;
  /** Documents that could go; of a run that deletes, those that went. */
  readonly documents: number;
  readonly requestUnits: number;
}

interface Found {
  readonly id: string;
  readonly _etag: string;
}

const batchSize = 100;
const atOnce = 8;

/**
 * Finds, or deletes, the account documents that were last written before everybody was signed out. No session in them can have
 * begun later, because opening one writes the document. Only ids and versions are read.
 *
 * A person who signs in meanwhile keeps the document: it then has another version than the one that is to be deleted. A run may end
 * anywhere; the next one goes on with what is left.
 * @param isDryRun deletes nothing
 * @throws {SweepError} if nobody is signed out, or no longer
 */
export async function sweep(database: Database, isDryRun: boolean): Promise<Swept> {
  const before = await readEverybody(database);
  if (before === null) throw new SweepError("Nobody is signed out: PUT /auth/not-before has to come first.");
  return isDryRun ? count(database, before) : remove(database, before);
}

async function readEverybody(database: Database): Promise<string | null> {
  const { resource } = await database.container(containerNames.sids).item(notBeforeId, notBeforeId).read<object>();
  return isNotBeforeDocument(resource) ? resource.everybody : null;
}

async function count(database: Database, before: string): Promise<Swept> {
  let [documents, requestUnits] = [0, 0];
  for await (const page of queried(database, before).getAsyncIterator()) {
    documents += page.resources.length;
    requestUnits += page.requestCharge;
  }
  return { before, documents, requestUnits };
}

/** Each batch is asked for anew: what was deleted, or written since, is no longer in it. */
async function remove(database: Database, before: string): Promise<Swept> {
  const accounts = database.container(containerNames.accounts);
  let [documents, requestUnits] = [0, 0];
  for (;;) {
    if ((await readEverybody(database)) !== before) throw new SweepError("The time has been changed or taken back.");
    const batch = await firstPage(database, before);
    requestUnits += batch.requestUnits;
    if (batch.found.length === 0) return { before, documents, requestUnits };
    await inGroups(batch.found, atOnce, async ({ id, _etag: condition }) => {
      const accessCondition = { type: "IfMatch", condition };
      const deleted = await accounts.item(id, id).delete({ accessCondition }).catch(changedMeanwhile);
      documents += deleted ? 1 : 0;
      requestUnits += deleted?.requestCharge ?? 0;
    });
  }
}

async function firstPage(
  database: Database,
  before: string,
): Promise<{ found: readonly Found[]; requestUnits: number }> {
  let requestUnits = 0;
  for await (const { resources: found, requestCharge } of queried(database, before).getAsyncIterator()) {
    requestUnits += requestCharge;
    if (found.length > 0) return { found, requestUnits };
  }
  return { found: [], requestUnits };
}

/** `_ts` is in whole seconds, rounded down, and has an index whatever the container's policy says. */
function queried(database: Database, before: string) {
  const parameters = [{ name: "@second", value: Math.floor(Date.parse(before) / 1000) }];
  const query = { query: "SELECT c.id, c._etag FROM c WHERE c._ts < @second", parameters };
  return database.container(containerNames.accounts).items.query<Found>(query, { maxItemCount: batchSize });
}

/** Gone, or of another version. */
function changedMeanwhile(error: unknown): undefined {
  const { code } = error as { readonly code?: unknown };
  if (code !== 404 && code !== 412) throw error;
}
