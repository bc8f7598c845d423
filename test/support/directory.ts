import assert from "node:assert/strict";
import { callFunction } from "@entra-functions-bff/functions-host/call-function";
import type { UserDirectory } from "@entra-functions-bff/development/user-directory";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { eventsIn } from "./log.ts";
import { startQueueService, type QueueService } from "./queue-service.ts";
import { startFresh } from "./store.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

export interface DirectoryWorld extends World {
  readonly userDirectory: UserDirectory;
  readonly queue: QueueService;
  /** Object id of a person of the directory. */
  idOf(username: string): string;
  /** An empty store, and the timer's first run: it subscribes, and compares with the directory. */
  subscribe(): Promise<void>;
  /** Runs the timer once, on the first instance. Resolves when it has begun. */
  runTimer(): Promise<void>;
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
  return {
    ...world,
    userDirectory,
    queue,
    async subscribe() {
      await startFresh(world);
      userDirectory.controls.dropSubscriptions();
      const before = compared();
      await runTimer(world);
      await eventually("the timer has run", () => compared() > before);
    },
    runTimer: async () => runTimer(world),
    idOf(username) {
      const person = world.identityProvider.people.find(({ preferredUsername }) => preferredUsername === username);
      return person?.oid ?? assert.fail(`There is no ${username}`);
    },
    async lookedAt() {
      await userDirectory.delivered();
      await eventually("nothing waits", () => queue.texts("directory-changes").length === 0);
    },
    async stop(given) {
      await world.stop(given);
      await queue.stop();
    },
  };
}

async function runTimer({ instances: [first], platform }: World): Promise<void> {
  await callFunction(first?.url ?? "", "directory", platform.masterKey);
}
