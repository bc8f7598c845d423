import type { NullableString } from "../worker/core-types.ts";
import { decodePercent } from "./percent.ts";

/**
 * Parses a query string (with or without its `?`). Names are compared without regard to case; the values of a
 * repeated name are joined with commas under its first spelling.
 */
export function parseQuery(query: string): Record<string, NullableString> {
  const parameters: Record<string, NullableString> = Object.create(null) as Record<string, NullableString>;
  if (query.length <= 1) return parameters;
  const byLowerName = new Map<string, { value: string }>();
  for (const pair of query.slice(query.startsWith("?") ? 1 : 0).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
    const known = byLowerName.get(name.toLowerCase());
    if (known !== undefined) {
      known.value += `,${value}`;
      continue;
    }
    const parameter = { value };
    byLowerName.set(name.toLowerCase(), parameter);
    parameters[name] = parameter;
  }
  return parameters;
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
