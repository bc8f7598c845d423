import { join } from "node:path";
import { asObject, parseJson, readJsonFile, type JsonObject } from "./json-file.ts";
import { parseLogLevel, type LogLevel } from "./log.ts";
import { StartError } from "./start-error.ts";

/** What the host takes from host.json. */
export interface HostJson {
  /** `extensions.http.routePrefix`, without slashes around it; "" means none. */
  readonly routePrefix: string;
  /** `functionTimeout` in milliseconds; `undefined` means unlimited (`"-1"`). */
  readonly functionTimeoutMs: number | undefined;
  /** `logging.logLevel`. */
  readonly logLevels: Readonly<Record<string, LogLevel>>;
}

// Sections that change nothing for HTTP functions on a developer's machine.
const acceptedSections = new Set(["$schema", "version", "logging", "telemetryMode", "extensionBundle"]);
const defaultTimeoutMs = 30 * 60_000;

/**
 * Reads host.json of an app folder.
 * @throws {StartError} when it is missing, not JSON, or asks for something this host does not do.
 */
export async function loadHostJson(appFolder: string): Promise<HostJson> {
  const root = await readJsonFile(join(appFolder, "host.json"), "host.json");
  if (root === undefined) throw new StartError(`host.json: not found in ${appFolder}`);
  return readSections(root);
}

/** As {@link loadHostJson}, from the file's text. */
export function parseHostJson(text: string): HostJson {
  return readSections(parseJson(text, "host.json"));
}

function readSections(root: JsonObject): HostJson {
  if (root["version"] !== "2.0") throw new StartError('host.json: "version" must be "2.0"');
  for (const section of Object.keys(root)) {
    if (!acceptedSections.has(section) && section !== "extensions" && section !== "functionTimeout") refuse(section);
  }
  return {
    routePrefix: readRoutePrefix(root["extensions"]),
    functionTimeoutMs: readTimeout(root["functionTimeout"]),
    logLevels: readLogLevels(root["logging"]),
  };
}

function refuse(section: string): never {
  throw new StartError(`host.json: "${section}" is not supported by the local functions host`);
}

function readRoutePrefix(extensions: unknown): string {
  if (extensions === undefined) return "api";
  const sections = asObject(extensions, 'host.json: "extensions"');
  for (const name of Object.keys(sections)) if (name !== "http") refuse(`extensions.${name}`);
  const http = asObject(sections["http"] ?? {}, 'host.json: "extensions.http"');
  for (const name of Object.keys(http)) if (name !== "routePrefix") refuse(`extensions.http.${name}`);
  const prefix = http["routePrefix"] ?? "api";
  if (typeof prefix !== "string" || /^\/|\/$|\/\//.test(prefix)) {
    throw new StartError('host.json: "extensions.http.routePrefix" must be text without slashes around it');
  }
  return prefix;
}

function readTimeout(value: unknown): number | undefined {
  if (value === undefined) return defaultTimeoutMs;
  if (value === "-1" || value === -1) return undefined;
  const parts =
    typeof value === "string" ? /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)$/.exec(value) : null;
  if (parts === null) throw new StartError('host.json: "functionTimeout" must be "hh:mm:ss" or "-1"');
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = parts;
  const total = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  if (total <= 0) throw new StartError('host.json: "functionTimeout" must be longer than zero');
  return total * 1000;
}

function readLogLevels(logging: unknown): Record<string, LogLevel> {
  if (logging === undefined) return {};
  const levels = asObject(asObject(logging, 'host.json: "logging"')["logLevel"] ?? {}, 'host.json: "logging.logLevel"');
  return Object.fromEntries(
    Object.entries(levels).map(([category, level]) => [category, parseLogLevel(level, `logging.logLevel.${category}`)]),
  );
}
