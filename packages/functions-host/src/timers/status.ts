import { readFile, writeFile } from "node:fs/promises";
import { isObject } from "../json-file.ts";
import type { Schedule } from "./schedule.ts";

/** The status of a timer; `last` is missing if it never ran. */
export interface ScheduleStatus {
  readonly last: Date | undefined;
  readonly next: Date;
  readonly lastUpdated: Date;
}

/** Where the status of timers outlives the host. In Azure that is a blob for each function. */
export interface StatusStore {
  /** Rejects when it cannot be read; resolves to `undefined` when there is none yet. */
  read(functionName: string): Promise<ScheduleStatus | undefined>;
  write(functionName: string, status: ScheduleStatus): Promise<void>;
}

/** Keeps the status of all timers in one JSON file; without a file in memory, for as long as the host runs. */
export function createStatusStore(file: string | undefined): StatusStore {
  const inMemory = new Map<string, ScheduleStatus>();
  if (file === undefined) {
    return {
      read: (name) => Promise.resolve(inMemory.get(name)),
      write: (name, status) => Promise.resolve(void inMemory.set(name, status)),
    };
  }
  let writing = Promise.resolve();
  const change = async (name: string, status: ScheduleStatus) => {
    const all = { ...(await readAll(file)), [name]: status };
    await writeFile(file, `${JSON.stringify(all, undefined, 2)}\n`);
  };
  return {
    read: async (name) => toStatus((await readAll(file))[name]),
    write(name, status) {
      const written = writing.then(() => change(name, status));
      writing = written.catch(() => undefined);
      return written;
    },
  };
}

async function readAll(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, "utf8").catch(() => "{}");
  const all: unknown = JSON.parse(text);
  return isObject(all) ? all : {};
}

function toStatus(value: unknown): ScheduleStatus | undefined {
  if (!isObject(value)) return undefined;
  const [last, next, lastUpdated] = [toDate(value["last"]), toDate(value["next"]), toDate(value["lastUpdated"])];
  return next === undefined || lastUpdated === undefined ? undefined : { last, next, lastUpdated };
}

function toDate(value: unknown): Date | undefined {
  const date = new Date(typeof value === "string" ? value : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * What a stored status means at a start: a time that has passed since then is past due, unless the schedule has
 * changed.
 */
export function continueStatus(
  stored: ScheduleStatus | undefined,
  schedule: Schedule,
  now: Date,
): { readonly status: ScheduleStatus; readonly isPastDue: boolean } | undefined {
  const fresh = schedule.next(now);
  if (fresh === undefined) return undefined;
  const initial: ScheduleStatus = { last: undefined, next: fresh, lastUpdated: now };
  if (stored === undefined) return { status: initial, isPastDue: false };
  const expected = schedule.next(stored.last ?? stored.lastUpdated);
  if (expected?.getTime() === stored.next.getTime()) return { status: stored, isPastDue: now > stored.next };
  if (expected === undefined || now > expected) return { status: initial, isPastDue: false };
  const lastUpdated = stored.last ?? stored.lastUpdated;
  return { status: { last: undefined, next: expected, lastUpdated }, isPastDue: false };
}
