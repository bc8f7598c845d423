import { encodePercent } from "./percent.ts";

/**
 * The request target of a streamed request to the worker: YARP encodes the decoded path again, even parts that already
 * look encoded, and .NET's `Uri` normalizes the query.
 * @param path decoded except for `%2F`
 * @param query with its `?`, or ""
 */
export function forwardedTarget(path: string, query: string): string {
  return path.replaceAll(/[^\w!$&'()*+,\-./:;=@~]+/g, encodePercent) + tidyQuery(query);
}

const percentOrForbidden = /((?:%[89a-f][0-9a-f])+)|%([0-7][0-9a-f])|["#%<>\\^`{|}]/gi;

function tidyQuery(query: string): string {
  return query.replaceAll(percentOrForbidden, (text, beyondAscii?: string, ascii?: string) => {
    if (beyondAscii !== undefined) return isUtf8(text) ? text.toUpperCase() : text;
    return ascii === undefined ? encodePercent(text) : decodeUnreserved(text, ascii);
  });
}

function decodeUnreserved(text: string, hex: string): string {
  const character = String.fromCharCode(Number.parseInt(hex, 16));
  return /[\w.~-]/.test(character) ? character : text;
}

function isUtf8(encoded: string): boolean {
  try {
    return decodeURIComponent(encoded) !== "";
  } catch {
    return false;
  }
}
