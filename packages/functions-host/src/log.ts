import { StartError } from "./start-error.ts";

/** Severity, in the words of the Functions worker protocol. */
export type LogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";

const severity: Record<LogLevel, number> = {
  trace: 0,
  debug: 1,
  information: 2,
  warning: 3,
  error: 4,
  critical: 5,
  none: 6,
};

const shortNames: Record<LogLevel, string> = {
  trace: "trace",
  debug: "debug",
  information: "info",
  warning: "warn",
  error: "error",
  critical: "crit",
  none: "none",
};

/** Minimum level by category prefix, as in `logging.logLevel` of host.json. */
export type LogLevels = Readonly<Record<string, LogLevel>>;

/** Where the host and the functions write: one line an event. */
export interface HostLog {
  /** Whether a message of this level and category would be written; lets callers skip building it. */
  enabled(level: LogLevel, category: string): boolean;
  write(level: LogLevel, category: string, message: string, invocationId?: string): void;
}

/**
 * A level as host.json spells it (`Information`, `warning`, …).
 * @throws {StartError} for any other word.
 */
export function parseLogLevel(text: unknown, where: string): LogLevel {
  const level = typeof text === "string" ? text.toLowerCase() : "";
  if (isLogLevel(level)) return level;
  throw new StartError(`host.json: ${where} must be one of ${Object.keys(severity).join(", ")}`);
}

function isLogLevel(text: string): text is LogLevel {
  return Object.hasOwn(severity, text);
}

/** A log that filters by `levels` (the longest matching category prefix wins, `default` otherwise) and writes lines to `sink`. */
export function createLog(levels: LogLevels, sink: (line: string) => void): HostLog {
  const minimumByCategory = new Map<string, number>();

  function minimum(category: string): number {
    let known = minimumByCategory.get(category);
    if (known === undefined) {
      known = severity[longestPrefix(levels, category)];
      minimumByCategory.set(category, known);
    }
    return known;
  }

  const enabled = (level: LogLevel, category: string) => severity[level] >= minimum(category) && level !== "none";
  return {
    enabled,
    write(level, category, message, invocationId) {
      if (enabled(level, category)) sink(formatLine(level, category, message, invocationId));
    },
  };
}

function longestPrefix(levels: LogLevels, category: string): LogLevel {
  let found: LogLevel = "information";
  let length = -1;
  for (const [prefix, level] of Object.entries(levels)) {
    const isDefault = prefix.toLowerCase() === "default";
    const matches = isDefault || category.toLowerCase().startsWith(prefix.toLowerCase());
    const rank = isDefault ? 0 : prefix.length;
    if (matches && rank > length) {
      found = level;
      length = rank;
    }
  }
  return found;
}

function formatLine(level: LogLevel, category: string, message: string, invocationId: string | undefined): string {
  const time = new Date().toISOString().slice(11, 23);
  const suffix = invocationId === undefined ? "" : ` [${invocationId}]`;
  return `${time} ${shortNames[level].padEnd(5)} ${category}: ${oneLine(message)}${suffix}`;
}

// A message with line breaks could pass for lines of the host's own.
function oneLine(message: string): string {
  return message.replaceAll(/\s*\r?\n\s*/g, " | ").replaceAll(/[^\P{Cc}\t]/gu, "?");
}

/** Writes lines, at the latest when it is told to. */
export interface LineWriter {
  readonly line: (text: string) => void;
  readonly flush: () => void;
}

/**
 * A sink that gathers the lines of one turn of the event loop into one write, so that logging costs little per request.
 * Call `flush` before the process ends.
 */
export function createLineWriter(write: (text: string) => void): LineWriter {
  let pending = "";
  const flush = () => {
    const text = pending;
    pending = "";
    if (text !== "") write(text);
  };
  return {
    line(text) {
      if (pending === "") setImmediate(flush);
      pending += `${text}\n`;
    },
    flush,
  };
}
