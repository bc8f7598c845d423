import assert from "node:assert/strict";
import { callFunction } from "@entra-functions-bff/functions-host/call-function";
import type { UserDirectory } from "@entra-functions-bff/development/user-directory";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { eventsIn } from "./log.ts";
import { startQueueService, type QueueService } from "./queue-service.ts";
import { dumpStore, startFresh } from "./store.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

export interface DirectoryWorld extends World {
  readonly userDirectory: UserDirectory;
  readonly queue: QueueService;
  /** Object id of a person of the directory. */
  idOf(username: string): string;
  /** An empty store, and the timer's first run: it subscribes, and compares with the directory. */
  subscribe(): Promise<void>;
  /** Runs the timer of an instance once; of the first, unless given. Resolves when it has begun. */
  runTimer(instance?: number): Promise<void>;
  /** The app no longer knows that it has subscribed, nor which sessions of the identity provider it knows. */
  forgetSubscription(): Promise<void>;
  /** Nobody has an account document or is marked as signed out, and nothing was ever done to this user. The app is not told. */
  restore(id: string): Promise<void>;
  /** Resolves when every notification has arrived, and has been looked at as often as it will be. */
  lookedAt(): Promise<void>;
}

/** A second look follows a second after the first. */
const settings = { SignOut__RetrySeconds: "1", "AzureWebJobs.directory.Disabled": "true" };

/** A world whose directory ends sessions. The timer runs only when the test says so. */
export async function startDirectoryWorld(options: WorldOptions = {}): Promise<DirectoryWorld> {
  const queue = await startQueueService();
  const environment = { ...settings, AzureWebJobsStorage: queue.connectionString, ...options.environment };
  const world = await startWorld({ ...options, userDirectory: true, environment }).catch(async (error: unknown) => {
    await queue.stop();
    throw error;
  });
  const { userDirectory } = world;
  assert.ok(userDirectory);
  const compared = () => eventsIn(world.log(), "directory_compared").length;
  const lookedAt = async () => {
    await userDirectory.delivered();
    await eventually("nothing waits", () => queue.texts("directory-changes").length === 0);
  };
  return {
    ...world,
    userDirectory,
    queue,
    async subscribe() {
      await startFresh(world);
      userDirectory.controls.dropSubscriptions();
      const before = compared();
      await runTimer(world, 0);
      await eventually("the timer has run", () => compared() > before);
    },
    runTimer: async (instance = 0) => runTimer(world, instance),
    async forgetSubscription() {
      const { sids } = await dumpStore(world);
      await Promise.all(Object.keys(sids).map(async (id) => world.sids.item(id, id).delete()));
    },
    async restore(id) {
      await lookedAt();
      userDirectory.controls.delivery.loseNext(2);
      userDirectory.controls.enable(id);
      userDirectory.controls.revoke(id, new Date(0).toISOString());
      const { accounts, sids } = await dumpStore(world);
      const marked = Object.keys(sids).filter((key) => sids[key]?.includes('"signedOutAt":"'));
      await Promise.all([
        ...Object.keys(accounts).map(async (key) => world.accounts.item(key, key).delete()),
        ...marked.map(async (key) => world.sids.item(key, key).delete()),
      ]);
    },
    idOf(username) {
      const person = world.identityProvider.people.find(({ preferredUsername }) => preferredUsername === username);
      return person?.oid ?? assert.fail(`There is no ${username}`);
    },
    lookedAt,
    async stop(given) {
      await world.stop(given);
      await queue.stop();
    },
  };
}

async function runTimer({ instances, platform }: World, instance: number): Promise<void> {
  await callFunction(instances[instance]?.url ?? "", "directory", platform.masterKey);
}
