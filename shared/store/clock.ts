import { isRecord, randomBase64Url } from "../core/encoding.ts";

/**
 * The time by the store's clock, learnt from the `Date` header of its answers (RFC 9110 section 6.6.1). Instances of the
 * app compare times that others have written; their own clocks may differ by minutes, the store is the same for all.
 */
export interface StoreClock {
  /** This machine's clocks. Read them before sending a request, for {@link heard}. */
  read(): Reading;
  /**
   * Learns from an answer that has just arrived. It is ignored if it has no date, or if the machine slept since the request.
   * @param sent the clocks as read before the request
   * @param date the answer's `Date` header, if it has one
   */
  heard(sent: Reading, date: unknown): void;
  /** The earliest and the latest time that it can be now; undefined while the store has not told enough. */
  bounds(): TimeBounds | undefined;
  /** The best guess, in milliseconds since the epoch: the middle of the bounds or, without them, this machine's time. */
  now(): number;
  /** This moment in this process. */
  tick(): Tick;
}

/** A moment as one process counts time. It compares exactly with others of the same process, and with none of another. */
export interface Tick {
  readonly process: string;
  readonly at: number;
}

/** Whether `a` was before `b`; undefined if they are not of one process, so that only their times can tell. */
export function wasBefore(a: Tick | undefined, b: Tick | undefined): boolean | undefined {
  return a && b && a.process === b.process ? a.at < b.at : undefined;
}

export function isTick(value: unknown): value is Tick {
  return isRecord(value) && typeof value["process"] === "string" && typeof value["at"] === "number";
}

/** Whole milliseconds since the epoch. `earliest` is never too late, and `latest` never too early. */
export interface TimeBounds {
  readonly earliest: number;
  readonly latest: number;
}

/**
 * This machine's two clocks at one moment, in milliseconds. Nobody can set the monotonic one, and only the wall clock goes on
 * while the machine sleeps.
 */
export interface Reading {
  readonly monotonic: number;
  readonly wall: number;
}

/** A header names whole seconds. */
const resolutionMs = 1_000;
/** Servers such as HTTP.sys and Kestrel make the header's text once a second: it may be as old as that. */
const headerAgeMs = 1_000;
/** The store is many machines, whose clocks the platform keeps together. */
const apartMs = 100;
/** How far two running clocks drift apart at most, one of them perhaps being corrected: 0.2 ms a second. */
const drift = 0.0002;
/** If this machine's two clocks move apart by more than this, it slept, or its clock was set. */
const jumpMs = 100;
/** Wider bounds are not used. Every answer that the app waits for gives narrower ones. */
export const maxDoubtMs = 5_000;

/** What has been learnt: by how much the store's clock is ahead of the monotonic one, at least and at most. */
interface Known {
  readonly atLeast: number;
  readonly atMost: number;
  /** When the last answer that agreed was received. */
  readonly reading: Reading;
}

/** @param readClocks for tests */
export function storeClock(readClocks: () => Reading = machineClocks): StoreClock {
  const process = randomBase64Url(9);
  let known: Known | undefined;

  /** What is known at `reading`: it gets vaguer with time, and nothing is known once the machine has slept. */
  const knownAt = (reading: Reading): Known | undefined => {
    if (!known || hasJumped(known.reading, reading)) return undefined;
    const vagueMs = (reading.monotonic - known.reading.monotonic) * drift;
    return { ...known, atLeast: known.atLeast - vagueMs, atMost: known.atMost + vagueMs };
  };

  const bounds: StoreClock["bounds"] = () => {
    const reading = readClocks();
    const current = knownAt(reading);
    if (!current || current.atMost - current.atLeast > maxDoubtMs) return undefined;
    return {
      earliest: Math.floor(reading.monotonic + current.atLeast),
      latest: Math.ceil(reading.monotonic + current.atMost),
    };
  };

  return {
    read: readClocks,
    bounds,
    tick: () => ({ process, at: readClocks().monotonic }),

    heard(sent, date) {
      const received = readClocks();
      const time = timeOf(date);
      if (time === undefined || hasJumped(sent, received)) return;
      const sample: Known = {
        atLeast: time - apartMs - received.monotonic,
        atMost: time + resolutionMs + headerAgeMs + apartMs - sent.monotonic,
        reading: received,
      };
      const before = knownAt(received);
      const joined = before && overlap(before, sample);
      // If no time fits both, the store's clock was set. An answer requested before the last one arrived may not show that yet.
      if (!before || joined || sent.monotonic >= before.reading.monotonic) known = joined ?? sample;
    },

    now() {
      const current = bounds();
      return current ? Math.round((current.earliest + current.latest) / 2) : readClocks().wall;
    },
  };
}

function overlap(before: Known, sample: Known): Known | undefined {
  const atLeast = Math.max(before.atLeast, sample.atLeast);
  const atMost = Math.min(before.atMost, sample.atMost);
  return atLeast <= atMost ? { atLeast, atMost, reading: sample.reading } : undefined;
}

function hasJumped(before: Reading, after: Reading): boolean {
  const passed = after.monotonic - before.monotonic;
  return Math.abs(after.wall - before.wall - passed) > jumpMs + Math.abs(passed) * drift;
}

/** Runs one request to the store and learns from its answer, also from a refusal: the SDK's errors have the headers, too. */
export async function timed<T>(clock: StoreClock, request: () => Promise<T>): Promise<T> {
  const sent = clock.read();
  try {
    const answer = await request();
    clock.heard(sent, dateOf(answer));
    return answer;
  } catch (error) {
    clock.heard(sent, dateOf(error));
    throw error;
  }
}

function dateOf(answer: unknown): unknown {
  const { headers } = (answer ?? {}) as { headers?: Readonly<Record<string, unknown>> };
  return headers?.["date"];
}

/** IMF-fixdate, the one form that servers send. */
const fixdate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

function timeOf(date: unknown): number | undefined {
  if (typeof date !== "string" || !fixdate.test(date)) return undefined;
  const time = Date.parse(date);
  return Number.isNaN(time) ? undefined : time;
}

/** Reads both clocks at the same moment, as nearly as it can: the process may be interrupted between the two. */
function machineClocks(): Reading {
  for (let attempt = 1; ; attempt++) {
    const monotonic = performance.now();
    const wall = Date.now();
    if (attempt === 3 || performance.now() - monotonic < 5) return { monotonic, wall };
  }
}
