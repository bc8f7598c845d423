import { join } from "node:path";
import { asObject, readJsonFile, type JsonObject } from "./json-file.ts";
import { parseLogLevel, type LogLevel } from "./log.ts";
import { overrideOf } from "./overrides.ts";
import { readQueueSettings, type QueueSettings } from "./queues/settings.ts";
import { StartError } from "./start-error.ts";
import { parseTimeSpan } from "./time-span.ts";

/** What the host takes from host.json. */
export interface HostJson {
  /** `extensions.http.routePrefix`, without slashes around it; "" means none. */
  readonly routePrefix: string;
  /** `functionTimeout` in milliseconds; `undefined` means unlimited (`"-1"`). */
  readonly functionTimeoutMs: number | undefined;
  /** `logging.logLevel`. */
  readonly logLevels: Readonly<Record<string, LogLevel>>;
  /** `telemetryMode` is `OpenTelemetry`: the host takes part in tracing and marks every new trace as recorded. */
  readonly openTelemetry: boolean;
  /** `extensions.queues`. */
  readonly queues: QueueSettings;
}

// Sections that change nothing on a developer's machine.
const acceptedSections = new Set(["$schema", "version", "logging", "telemetryMode", "extensionBundle"]);
export const routePrefixPath = "extensions.http.routePrefix";
const defaultTimeoutMs = 30 * 60_000;

/**
 * Reads host.json of an app folder.
 * @param env settings that replace some of it, see `overrides.ts`
 * @throws {StartError} when it is missing, is not JSON, or needs something that this host does not support
 */
export async function loadHostJson(appFolder: string, env: NodeJS.ProcessEnv): Promise<HostJson> {
  const root = await readJsonFile(join(appFolder, "host.json"), "host.json");
  if (root === undefined) throw new StartError(`host.json: not found in ${appFolder}`);
  return readSections(root, env);
}

function readSections(root: JsonObject, env: NodeJS.ProcessEnv): HostJson {
  if (root["version"] !== "2.0") throw new StartError('host.json: "version" must be "2.0"');
  for (const section of Object.keys(root)) {
    if (!acceptedSections.has(section) && section !== "extensions" && section !== "functionTimeout") refuse(section);
  }
  const extensions = readExtensions(root["extensions"]);
  return {
    routePrefix: readRoutePrefix(extensions["http"], env),
    functionTimeoutMs: readTimeout(root["functionTimeout"]),
    logLevels: readLogLevels(root["logging"]),
    openTelemetry: readTelemetryMode(root["telemetryMode"]),
    queues: readQueueSettings(extensions["queues"], env),
  };
}

function refuse(section: string): never {
  throw new StartError(`host.json: "${section}" is not supported by the local functions host`);
}

function readExtensions(extensions: unknown): JsonObject {
  const sections = asObject(extensions ?? {}, 'host.json: "extensions"');
  for (const name of Object.keys(sections)) if (name !== "http" && name !== "queues") refuse(`extensions.${name}`);
  return sections;
}

function readRoutePrefix(section: unknown, env: NodeJS.ProcessEnv): string {
  const http = asObject(section ?? {}, 'host.json: "extensions.http"');
  for (const name of Object.keys(http)) if (name !== "routePrefix") refuse(`extensions.http.${name}`);
  const prefix = overrideOf(routePrefixPath, env) ?? http["routePrefix"] ?? "api";
  if (typeof prefix !== "string" || /^\/|\/$|\/\//.test(prefix)) {
    throw new StartError('host.json: "extensions.http.routePrefix" must be text without slashes around it');
  }
  return prefix;
}

function readTelemetryMode(mode: unknown): boolean {
  const lower = typeof mode === "string" ? mode.toLowerCase() : mode;
  if (lower === undefined || lower === "applicationinsights") return false;
  if (lower === "opentelemetry") return true;
  throw new StartError('host.json: "telemetryMode" must be "OpenTelemetry" or "ApplicationInsights"');
}

function readTimeout(value: unknown): number | undefined {
  if (value === undefined) return defaultTimeoutMs;
  if (value === "-1" || value === -1) return undefined;
  const total = parseTimeSpan(value);
  if (total === undefined) throw new StartError('host.json: "functionTimeout" must be "hh:mm:ss" or "-1"');
  if (total <= 0) throw new StartError('host.json: "functionTimeout" must be longer than zero');
  return total;
}

function readLogLevels(logging: unknown): Record<string, LogLevel> {
  if (logging === undefined) return {};
  const levels = asObject(asObject(logging, 'host.json: "logging"')["logLevel"] ?? {}, 'host.json: "logging.logLevel"');
  return Object.fromEntries(
    Object.entries(levels).map(([category, level]) => [category, parseLogLevel(level, `logging.logLevel.${category}`)]),
  );
}
