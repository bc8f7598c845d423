import { attempt, readTabStorage, writeTabStorage } from "./facilities.ts";
import { isRecord } from "./requests.ts";

/** The last session seen, in milliseconds. Nothing about the person: it outlives a reload. */
export interface Seen {
  readonly confirmedAt: number;
  readonly endsAt: number;
}

const key = "session-seen";
let memory: Seen | undefined;

/**
 * Kept for the tab, not only in memory: phones throw hidden tabs away and load them anew, and the person who comes back
 * to one should still be told that the session ended. Where storage is blocked, memory has to do.
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
