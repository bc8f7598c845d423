import { Cron } from "croner";
import { parseTimeSpan } from "../time-span.ts";

/** When a timer is due. */
export interface Schedule {
  /** What the function is told about daylight saving time. */
  readonly adjustForDst: boolean;
  /** Due more than once a minute: the extension does not remember such a schedule beyond the host's end. */
  readonly isFrequent: boolean;
  /** The first time after `time`; `undefined` when there is none, as for 31 February. */
  next(time: Date): Date | undefined;
}

/**
 * Reads a schedule as the timers extension does: NCRONTAB with six fields (second first) or five, in the process's time
 * zone, or a time span such as `00:05:00`.
 * @returns `undefined` for anything else
 */
export function parseSchedule(text: string): Schedule | undefined {
  return parseCron(text) ?? parseInterval(text);
}

/**
 * Replaces each `%SETTING%` by the setting's value. Names of settings have no case.
 * @returns the name of the first setting that is missing, or the text
 */
export function resolveSettings(
  text: string,
  env: NodeJS.ProcessEnv,
): { readonly text: string } | { readonly missing: string } {
  const settings = new Map(Object.entries(env).map(([name, value]) => [name.toLowerCase(), value]));
  const missing = [...text.matchAll(reference)].find(([, name = ""]) => !settings.get(name.toLowerCase()));
  if (missing !== undefined) return { missing: missing[1] ?? "" };
  return { text: text.replaceAll(reference, (_, name: string) => settings.get(name.toLowerCase()) ?? "") };
}

const reference = /%([^%]+)%/g;

function parseInterval(text: string): Schedule | undefined {
  const ms = parseTimeSpan(text);
  if (ms === undefined || ms <= 0) return undefined;
  return { adjustForDst: false, isFrequent: ms < 60_000, next: (time) => new Date(time.getTime() + ms) };
}

function parseCron(text: string): Schedule | undefined {
  const fields = text.trim().split(/\s+/).map(shortNames);
  if ((fields.length !== 5 && fields.length !== 6) || !fields.every(isNcrontab) || isSeventhDay(fields))
    return undefined;
  const cron = createCron(fields.join(" "));
  if (cron === undefined) return undefined;
  return { adjustForDst: true, isFrequent: isFrequent(cron, fields), next: (time) => cron.nextRun(time) ?? undefined };
}

// The library knows more than NCRONTAB does: L, W, #, ? and nicknames such as @daily.
function isNcrontab(field: string): boolean {
  return field.split(/[,\-/]/).every((part) => /^(?:\*|\d{1,2}|[a-z]{3})$/i.test(part));
}

// Sunday is 0, and nothing else.
function isSeventhDay(fields: readonly string[]): boolean {
  return /(?<![\d/])0?7(?!\d)/.test(fields.at(-1) ?? "");
}

// NCRONTAB takes names in full too.
function shortNames(field: string): string {
  return field.replaceAll(fullNames, (name) => name.slice(0, 3));
}

const fullNames = new RegExp(
  "\\b(?:january|february|march|april|june|july|august|september|october|november|december|" +
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday)\\b",
  "gi",
);

function createCron(pattern: string): Cron | undefined {
  try {
    // In NCRONTAB the day of the month and the day of the week must both fit.
    return new Cron(pattern, { paused: true, mode: "5-or-6-parts", domAndDow: true, sloppyRanges: true });
  } catch {
    return undefined;
  }
}

function isFrequent(cron: Cron, fields: readonly string[]): boolean {
  if (fields.slice(1).some((field) => field !== "*")) return false;
  const [first, second] = cron.nextRuns(2);
  return first !== undefined && second !== undefined && second.getTime() - first.getTime() < 60_000;
}
