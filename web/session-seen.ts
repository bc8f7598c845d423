import { attempt, readTabStorage, writeTabStorage } from "./facilities.ts";
import { isRecord } from "./requests.ts";

/**
 * The times of the last session seen, in milliseconds. It has nothing about the person, because it outlives a reload.
 */
export interface Seen {
  readonly confirmedAt: number;
  readonly endsAt: number;
}

const key = "session-seen";
let memory: Seen | undefined;

/**
 * Stored for the tab, not only in memory: phones discard hidden tabs and reload them, and a person who returns to one
 * should still be told that the session has ended. If storage is blocked, only memory remains.
 */
export function writeSeen(seen: Seen | undefined): void {
  memory = seen;
  writeTabStorage(key, seen && JSON.stringify(seen));
}

export function readSeen(): Seen | undefined {
  if (memory !== undefined) return memory;
  const stored: unknown = attempt(() => JSON.parse(readTabStorage(key) ?? "null") as unknown);
  if (!isRecord(stored)) return undefined;
  const { confirmedAt, endsAt } = stored;
  return typeof confirmedAt === "number" && typeof endsAt === "number" ? { confirmedAt, endsAt } : undefined;
}
