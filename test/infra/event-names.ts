import { readFile } from "node:fs/promises";

/** The members of `EventName`, which exists for the compiler only. */
export async function eventNames(): Promise<readonly string[]> {
  const source = await readFile("shared/telemetry/events.ts", "utf8");
  const union = /type EventName =([^;]*);/.exec(source)?.[1] ?? "";
  return [...union.matchAll(/"([a-z_]+)"/g)].map(([, name]) => name ?? "");
}
