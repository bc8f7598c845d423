import { badRequest, type GraphError } from "./errors.ts";

/** Checks one value of a request body. Returns what is wrong with it, or nothing. */
export type Check = (value: unknown) => string | undefined;

const guidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isGuid(value: unknown): value is string {
  return typeof value === "string" && guidPattern.test(value);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const guid: Check = (value) => (isGuid(value) ? undefined : "is not a GUID");

export const flag: Check = (value) => (typeof value === "boolean" ? undefined : "is not true or false");

/** @param max characters */
export function text(max: number, also: (value: string) => string | undefined = () => undefined): Check {
  return (value) => {
    if (typeof value !== "string") return "is not a string";
    return value.length > max ? `is longer than ${max} characters` : also(value);
  };
}

export function oneOf(...allowed: readonly string[]): Check {
  return (value) => (allowed.some((each) => each === value) ? undefined : `is none of ${allowed.join(", ")}`);
}

export function nullable(check: Check): Check {
  return (value) => (value === null ? undefined : check(value));
}

export function listOf(check: Check, max = 1000): Check {
  return (value) => {
    if (!Array.isArray(value)) return "is not a list";
    if (value.length > max) return `has more than ${max} entries`;
    return value.map(check).find((problem) => problem !== undefined);
  };
}

/** A complex type: every property known and right, and the required ones there. */
export function complex(properties: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value) => {
    if (!isObject(value)) return "is not an object";
    const missing = required.find((name) => value[name] === undefined);
    if (missing !== undefined) return `lacks ${missing}`;
    for (const [name, each] of Object.entries(value)) {
      const check = properties[name];
      const problem = check === undefined ? "is not a known property" : check(each);
      if (problem !== undefined) return `${name} ${problem}`;
    }
    return undefined;
  };
}

/** @throws {GraphError} 400, for a property that the entity does not have or a value that it does not take */
export function checkEntity(
  resource: string,
  body: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, Check>>,
): void {
  for (const [name, value] of Object.entries(body)) {
    const check = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (check === undefined) throw badRequest(`Invalid property '${name}'.`);
    const problem = check(value);
    if (problem !== undefined) throw invalidValue(resource, name, problem);
  }
}

export function invalidValue(resource: string, property: string, problem: string): GraphError {
  const message = `Invalid value specified for property '${property}' of resource '${resource}'.`;
  return badRequest(message, [{ code: "InvalidValue", target: property, message: `${property} ${problem}` }]);
}

/** PATCH: complex values are merged property by property, collections and everything else replaced as a whole. */
export function merge(
  current: Readonly<Record<string, unknown>>,
  patch: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged = Object.entries(patch).map(([name, value]) => {
    const before = current[name];
    return [name, isObject(before) && isObject(value) ? merge(before, value) : value];
  });
  return { ...current, ...(Object.fromEntries(merged) as Record<string, unknown>) };
}
