import { setTimeout as delay } from "node:timers/promises";
import type { LogLevel } from "../log.ts";
import { toError } from "../worker/errors.ts";
import type { Schedule } from "./schedule.ts";
import { continueStatus, type ScheduleStatus, type StatusStore } from "./status.ts";

/** What a function is told about one call. */
export interface TimerCall {
  readonly schedule: Schedule;
  /** `undefined` where `useMonitor` is off. */
  readonly status: ScheduleStatus | undefined;
  readonly isPastDue: boolean;
}

export interface TimerOptions {
  readonly functionName: string;
  readonly schedule: Schedule;
  readonly runOnStartup: boolean;
  /** `undefined`: `useMonitor` is off, or the schedule is due more than once a minute. */
  readonly store: StatusStore | undefined;
  /** Calls the function; never rejects. */
  readonly call: (call: TimerCall) => Promise<void>;
  readonly report: (level: LogLevel, text: string) => void;
}

/** Calls a function when it is due, from `start` to `stop`, one call at a time. */
export interface FunctionTimer {
  start(): void;
  /** Calls the function once, at once, whatever else it is doing. The schedule stays as it is. */
  callNow(): Promise<void>;
  /** Makes no more calls, and waits for the call under way, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createTimer(options: TimerOptions): FunctionTimer {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  return {
    start: () => {
      running ??= run(options, stopping.signal);
    },
    async callNow() {
      const { schedule, store, functionName, call } = options;
      const status = await store?.read(functionName).catch(() => undefined);
      await call({ schedule, status, isPastDue: false });
    },
    async stop(graceMs) {
      stopping.abort();
      await Promise.race([running, delay(graceMs, undefined, { ref: false })]);
    },
  };
}

async function run(options: TimerOptions, stopping: AbortSignal): Promise<void> {
  const { schedule, runOnStartup, report, store } = options;
  const continued = continueStatus(await readStatus(options), schedule, new Date());
  if (continued === undefined) {
    report("warning", "its schedule is never due");
    return;
  }
  await writeStatus(options, continued.status);
  let { status, isPastDue } = continued;
  let isFirst = isPastDue || runOnStartup;
  for (;;) {
    if (!isFirst) await until(status.next, stopping);
    if (stopping.aborted) return;
    const calledAt = new Date();
    await options.call({ schedule, status: store && status, isPastDue });
    // A timer that fires a little early must not be due again a moment later.
    const invoked = !isFirst && status.next > calledAt ? status.next : calledAt;
    const next = schedule.next(invoked);
    if (next === undefined) return;
    status = { last: invoked, next, lastUpdated: invoked };
    await writeStatus(options, status);
    isFirst = false;
    isPastDue = false;
  }
}

// A failing storage stops no timer, as in Azure.
async function readStatus({ store, functionName, report }: TimerOptions): Promise<ScheduleStatus | undefined> {
  try {
    return await store?.read(functionName);
  } catch (error) {
    report("warning", `its status cannot be read: ${toError(error).message}`);
    return undefined;
  }
}

async function writeStatus({ store, functionName, report }: TimerOptions, status: ScheduleStatus): Promise<void> {
  try {
    await store?.write(functionName, status);
  } catch (error) {
    report("warning", `its status cannot be kept: ${toError(error).message}`);
  }
}

const longestTimer = 2 ** 31 - 1;

async function until(time: Date, signal: AbortSignal): Promise<void> {
  for (let left = remaining(time); left > 0 && !signal.aborted; left = remaining(time)) {
    await delay(Math.min(left, longestTimer), undefined, { signal, ref: false }).catch(() => undefined);
  }
}

function remaining(time: Date): number {
  return time.getTime() - Date.now();
}
