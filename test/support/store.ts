import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Operation } from "@entra-functions-bff/cosmos-endpoint";
import type { AccountDocument } from "../../shared/account/document.ts";
import { notBeforeId } from "../../shared/account/not-before.ts";
import type { World } from "./world.ts";

const storeFile = "cosmos.sqlite";

/** The documents of each container by id, as their text with the ETag: equal dumps mean that nothing was written. */
export interface StoreDump {
  readonly accounts: Readonly<Record<string, string>>;
  readonly sids: Readonly<Record<string, string>>;
}

/** Everything that is stored, read from a copy of the store's file: no request of the test shows up in the counts. */
export async function dumpStore({ folder }: World): Promise<StoreDump> {
  const copy = await mkdtemp(join(tmpdir(), "bff-dump-"));
  try {
    for (const name of [storeFile, `${storeFile}-wal`]) {
      if (existsSync(join(folder, name))) await copyFile(join(folder, name), join(copy, name));
    }
    return readDump(new DatabaseSync(join(copy, storeFile)));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

function readDump(database: DatabaseSync): StoreDump {
  const dump = { accounts: {} as Record<string, string>, sids: {} as Record<string, string> };
  const rows = database
    .prepare(
      "SELECT containers.id AS container, documents.id AS id, body, documents.etag AS etag FROM documents JOIN containers ON containers.rid = container_rid",
    )
    .all();
  database.close();
  for (const { container, id, body, etag } of rows) {
    dump[container === "accounts" ? "accounts" : "sids"][String(id)] = `${String(etag)} ${String(body)}`;
  }
  return dump;
}

/** The bytes of the store's files: what somebody who copies the disk would have. */
export async function storeBytes({ folder }: World): Promise<Buffer> {
  const files = [storeFile, `${storeFile}-wal`].map((name) => join(folder, name)).filter((file) => existsSync(file));
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
}

/** An account's document as stored; undefined when there is none. */
export async function accountDocument({ accounts }: World, accountKey: string): Promise<AccountDocument | undefined> {
  const { resource } = await accounts.item(accountKey, accountKey).read<AccountDocument>();
  return resource;
}

/** Rewrites an account's sessions behind the app's back, to let time pass. */
export async function rewriteSessions(
  world: World,
  accountKey: string,
  change: (session: AccountDocument["sessions"][string]) => AccountDocument["sessions"][string],
): Promise<void> {
  const document = await accountDocument(world, accountKey);
  if (!document) throw new Error("There is no such account document");
  const sessions = Object.fromEntries(Object.entries(document.sessions).map(([key, each]) => [key, change(each)]));
  await world.accounts.item(accountKey, accountKey).replace({ ...document, sessions });
}

/** Empties the store, and takes back what an earlier test has asked of the parts: faults and short lifetimes. */
export async function startFresh(world: World): Promise<void> {
  const { cosmos, identityProvider, downstreamApi } = world;
  cosmos.faults.clear();
  downstreamApi.controls.clearFaults();
  identityProvider.controls.clearFaults();
  identityProvider.controls.accessTokenLifetimeSeconds = 3600;
  const { accounts, sids } = await dumpStore(world);
  await Promise.all([
    ...Object.keys(accounts).map((id) => world.accounts.item(id, id).delete()),
    ...Object.keys(sids).map((id) => world.sids.item(id, id).delete()),
  ]);
}

/**
 * Waits until the store has taken up every request that was sent to it before, also those that nobody waits for any more. What
 * comes through a new connection is read after what has come through all others.
 */
export async function untilRequestsTakenUp({ cosmos }: World): Promise<void> {
  const [answer] = (await once(get(cosmos.url, { agent: false }), "response")) as [IncomingMessage];
  await once(answer.resume(), "end");
}

/**
 * What `act` made the app do at the store, such as `read accounts 200`, in the order in which it was served. A read that finds
 * what the instance has already (304) counts as any other: whether it is one depends on what the instance has read lately.
 */
export async function operationsOf(world: World, act: () => Promise<unknown>): Promise<string[]> {
  world.cosmos.operations.clear();
  await act();
  return documentOperations(world).map(
    ({ kind, container, status }) => `${kind} ${container} ${status === 304 ? 200 : status}`,
  );
}

/**
 * What the app has asked the store about documents, but for one: an instance reads from when on sessions count every few
 * seconds, whoever comes (`flow/everybody-out` counts that).
 */
export function documentOperations({ cosmos }: World): Operation[] {
  return cosmos.operations.all().filter(({ kind, id }) => kind !== "metadata" && id !== notBeforeId);
}
