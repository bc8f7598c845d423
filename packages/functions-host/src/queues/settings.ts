import { availableParallelism } from "node:os";
import { asObject } from "../json-file.ts";
import { overrideOf } from "../overrides.ts";
import { StartError } from "../start-error.ts";
import { parseTimeSpan } from "../time-span.ts";

/** `extensions.queues` of host.json. */
export interface QueueSettings {
  /** Messages fetched at once, 1 to 32. */
  readonly batchSize: number;
  /** The next batch is fetched when no more than this many messages are being worked on. */
  readonly newBatchThreshold: number;
  /** The longest pause between two looks into an empty queue. */
  readonly maxPollingIntervalMs: number;
  /** How long a message stays invisible after an invocation that failed. Whole seconds count. */
  readonly visibilityTimeoutMs: number;
  /** After so many attempts a message goes to the poison queue. */
  readonly maxDequeueCount: number;
  readonly messageEncoding: MessageEncoding;
}

export type MessageEncoding = "base64" | "none";

export const minPollingIntervalMs = 100;

const names = [
  "batchSize",
  "newBatchThreshold",
  "maxPollingInterval",
  "visibilityTimeout",
  "maxDequeueCount",
  "messageEncoding",
] as const;

type Name = (typeof names)[number];

/** The values of host.json that this file reads. */
export const queueSettingPaths = names.map(pathOf);

function pathOf(name: Name): string {
  return `extensions.queues.${name}`;
}

/**
 * Reads `extensions.queues`; settings of the environment win over the file.
 * @throws {StartError} for an unknown name or a value out of range.
 */
export function readQueueSettings(section: unknown, env: NodeJS.ProcessEnv): QueueSettings {
  const given = asObject(section ?? {}, 'host.json: "extensions.queues"');
  for (const name of Object.keys(given)) {
    if (!names.some((known) => known === name)) {
      throw new StartError(`host.json: "extensions.queues.${name}" is not supported by the local functions host`);
    }
  }
  const read = (name: Name) => overrideOf(pathOf(name), env) ?? given[name];

  const batchSize = readInteger(read("batchSize"), "batchSize", { fallback: 16, min: 1, max: 32 });
  const threshold = Math.floor(batchSize / 2) * availableParallelism();
  return {
    batchSize,
    newBatchThreshold: readInteger(read("newBatchThreshold"), "newBatchThreshold", { fallback: threshold, min: 0 }),
    // What the extension takes in a development environment; elsewhere it is a minute.
    maxPollingIntervalMs: readSpan(read("maxPollingInterval"), "maxPollingInterval", 2000, minPollingIntervalMs),
    visibilityTimeoutMs: readSpan(read("visibilityTimeout"), "visibilityTimeout", 0, 0),
    maxDequeueCount: readInteger(read("maxDequeueCount"), "maxDequeueCount", { fallback: 5, min: 1 }),
    messageEncoding: readEncoding(read("messageEncoding")),
  };
}

function readInteger(value: unknown, name: Name, limits: { fallback: number; min: number; max?: number }): number {
  const { fallback, min, max = Number.MAX_SAFE_INTEGER } = limits;
  if (value === undefined) return fallback;
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= min && number <= max) return number;
  throw invalid(name, `a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`}`);
}

const longestSpanMs = 7 * 24 * 3600 * 1000;

function readSpan(value: unknown, name: Name, fallback: number, min: number): number {
  if (value === undefined) return fallback;
  const span = parseTimeSpan(value);
  if (span !== undefined && span >= min && span <= longestSpanMs) return span;
  throw invalid(name, `"hh:mm:ss", from ${min} ms to 7 days`);
}

function readEncoding(value: unknown): MessageEncoding {
  const encoding = typeof value === "string" ? value.toLowerCase() : value;
  if (encoding === undefined || encoding === "base64") return "base64";
  if (encoding === "none") return "none";
  throw invalid("messageEncoding", '"base64" or "none"');
}

function invalid(name: Name, expected: string): StartError {
  return new StartError(`host.json: "extensions.queues.${name}" must be ${expected}`);
}
