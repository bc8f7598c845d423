import { asciiLowerCase } from "../core/encoding.ts";

/** One challenge of a `WWW-Authenticate` field. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case. If a name is given twice, the first value counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * A scheme, or a parameter with a quoted or an unquoted value. The second group is unescaped JSON in quotes: Microsoft's own
 * library for web APIs writes claims that way.
 */
const part =
  /[\s,]*([!#$%&'*+\-.^_`|~\w]+)(?:[ \t]*=[ \t]*(?:"(\{.*?\})"(?=[ \t]*(?:,|$))|"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y;

/**
 * Reads an API's challenges (RFC 9110 section 11.6.1): one field or several, with one challenge or more each, blanks around
 * `=`, and values with or without quotes. Anything else is skipped, up to the next comma.
 * @param field the values of all field lines, joined with commas
 */
export function challengesOf(field: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (let at = 0; at < field.length;) {
    part.lastIndex = at;
    const [, name, json, quoted, token] = part.exec(field) ?? [];
    at = name === undefined ? afterNextComma(field, at) : part.lastIndex;
    if (name === undefined) continue;
    const value = (json?.includes('\\"') === false ? json : unescaped(json ?? quoted)) ?? token;
    const parameters = challenges.at(-1)?.parameters;
    const key = asciiLowerCase(name);
    if (value === undefined) challenges.push({ scheme: key, parameters: new Map() });
    else if (parameters?.has(key) === false) parameters.set(key, value);
  }
  return challenges;
}

function unescaped(text: string | undefined): string | undefined {
  return text?.replaceAll(/\\(.)/g, "$1");
}

function afterNextComma(field: string, at: number): number {
  const comma = field.indexOf(",", at);
  return comma < 0 ? field.length : comma + 1;
}
