import type { NullableString } from "../worker/core-types.ts";
import { decodePercent } from "./percent.ts";

/**
 * Parses a query string (with or without its `?`). Names are case-insensitive. The values of a repeated name are joined
 * with commas under its first spelling.
 */
export function parseQuery(query: string): Record<string, NullableString> {
  const parameters: Record<string, NullableString> = Object.create(null) as Record<string, NullableString>;
  for (const { name, values } of groupQuery(query)) parameters[name] = { value: values.join(",") };
  return parameters;
}

/** The parameters of a query string under their first spelling, each with its values in their order. */
export function groupQuery(query: string): { readonly name: string; readonly values: readonly string[] }[] {
  if (query.length <= 1) return [];
  const byLowerName = new Map<string, { name: string; values: string[] }>();
  for (const pair of query.slice(query.startsWith("?") ? 1 : 0).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
    const known = byLowerName.get(name.toLowerCase());
    if (known === undefined) byLowerName.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  return [...byLowerName.values()];
}

/** The first value of a parameter, by its name in any case; `undefined` when it is not there. */
export function firstQueryValue(query: string, name: string): string | undefined {
  for (const pair of query.slice(1).split("&")) {
    const equals = pair.indexOf("=");
    if (decode(equals < 0 ? pair : pair.slice(0, equals)).toLowerCase() !== name) continue;
    return equals < 0 ? "" : decode(pair.slice(equals + 1));
  }
  return undefined;
}

function decode(text: string): string {
  return decodePercent(text.includes("+") ? text.replaceAll("+", " ") : text, { keepSlash: false });
}
