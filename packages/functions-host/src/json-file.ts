import { readFile } from "node:fs/promises";
import { StartError } from "./start-error.ts";

/** A JSON object whose members are not checked yet. */
export type JsonObject = Record<string, unknown>;

/**
 * Reads a JSON file that holds an object.
 * @param name what messages call the file.
 * @returns `undefined` when there is no such file.
 * @throws {StartError} when it cannot be read, is not JSON, or holds something else.
 */
export async function readJsonFile(file: string, name: string): Promise<JsonObject | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new StartError(`${name}: cannot be read (${errorMessage(error)})`);
  }
  return parseJson(text, name);
}

/** As {@link readJsonFile}, from the file's text. */
export function parseJson(text: string, name: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StartError(`${name}: not valid JSON (${errorMessage(error)})`);
  }
  return asObject(value, `${name}: the file`);
}

/** @throws {StartError} when `value` is no object; `where` begins the message. */
export function asObject(value: unknown, where: string): JsonObject {
  if (isObject(value)) return value;
  throw new StartError(`${where} must hold a JSON object`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Node's `code` of a system error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
