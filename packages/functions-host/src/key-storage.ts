import { setTimeout as delay } from "node:timers/promises";
import type { HostLog } from "./log.ts";
import { StartError } from "./start-error.ts";

/**
 * The storage in which a host keeps its keys: blobs, in Azure. Here only what they cost is played. The keys themselves are
 * those of `keys.ts`.
 */
export interface KeyStorage {
  /** Resolves when the keys are at hand, to whether they could be read. */
  read(): Promise<boolean>;
}

/** Milliseconds, as measured with the real host; a read that fails was tried again and again for that long. */
const measured = { first: 245, later: 79, refused: 26_700 } as const;
const rememberedForMs = 60_000;

/**
 * Keys are read at the first request that brings one, and again when a minute has passed: one read for all who wait.
 * `FunctionsHost__KeyStorage=refused` makes every read fail; `FunctionsHost__KeyReadMs` says how long one takes.
 * @throws {StartError} when a setting has another value
 */
export function createKeyStorage(env: NodeJS.ProcessEnv, log: HostLog, now = () => performance.now()): KeyStorage {
  const refused = readState(env["FunctionsHost__KeyStorage"]);
  const given = readDuration(env["FunctionsHost__KeyReadMs"]);
  let readAt: number | undefined;
  let reading: Promise<boolean> | undefined;

  const read = async () => {
    const fallback = readAt === undefined ? measured.first : measured.later;
    const ms = given ?? (refused ? measured.refused : fallback);
    await delay(ms);
    reading = undefined;
    if (refused) log.write("error", "Host.Keys", `the keys cannot be read (simulated, ${ms} ms)`);
    else
      log.write(
        "information",
        "Host.Keys",
        `a request with a key, or with "code", made the host read its keys (simulated, ${ms} ms)`,
      );
    if (!refused) readAt = now();
    return !refused;
  };
  return {
    read() {
      if (readAt !== undefined && now() - readAt < rememberedForMs) return Promise.resolve(true);
      return (reading ??= read());
    },
  };
}

function readState(value: string | undefined): boolean {
  if (value === undefined || value === "available") return false;
  if (value === "refused") return true;
  throw new StartError('FunctionsHost__KeyStorage: must be "available" or "refused"');
}

function readDuration(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new StartError("FunctionsHost__KeyReadMs: must be milliseconds, from 0 to 999999");
}
