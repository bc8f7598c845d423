import type { RpcTypedData } from "../worker/core-types.ts";
import { scalar } from "./message.ts";

/**
 * The messages that the value of an output binding stands for, as the host makes them: an array is a message for each
 * element, text that looks like JSON is taken for JSON, and JSON is written out indented.
 * @throws {Error} for text in brackets or braces that is not JSON
 */
export function toMessages(data: RpcTypedData): Buffer[] {
  if (isDefined(data.bytes)) return [Buffer.from(data.bytes)];
  if (isDefined(data.int) || isDefined(data.double)) return [Buffer.from(String(data.int ?? data.double))];
  if (isDefined(data.json)) return elements(parse(data.json));
  if (!isDefined(data.string)) return [];
  return looksLikeJson(data.string) ? elements(parse(data.string)) : [Buffer.from(data.string)];
}

// Node's own message would repeat some of the text.
function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error("the value of a queue output has the braces or brackets of JSON, but is not JSON");
  }
}

function elements(value: unknown): Buffer[] {
  return (Array.isArray(value) ? value : [value]).map((element) => Buffer.from(toText(element)));
}

function toText(value: unknown): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value, undefined, 2) : scalar(value);
}

function looksLikeJson(text: string): boolean {
  return /^\s*(?:\{[\s\S]*\}|\[[\s\S]*\])\s*$/.test(text);
}

function isDefined<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}
