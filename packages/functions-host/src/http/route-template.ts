import { StartError } from "../start-error.ts";
import { compileConstraint, type Constraint } from "./route-constraints.ts";

/** One segment of a route template. */
export type Segment =
  | { readonly kind: "literal"; readonly text: string; readonly lowerText: string }
  | {
      readonly kind: "parameter";
      readonly name: string;
      readonly optional: boolean;
      readonly constraints: readonly Constraint[];
    }
  | { readonly kind: "catch-all"; readonly name: string; readonly constraints: readonly Constraint[] };

/** A parsed route template (ASP.NET Core's syntax). */
export interface RouteTemplate {
  /** As written, with the prefix. */
  readonly text: string;
  readonly segments: readonly Segment[];
}

/** Values of a route's parameters. A parameter without a value in the path is absent. */
export type RouteValues = Record<string, string>;

/**
 * Parses a route template such as `auth/sessions/{id:guid}` or `{*path}`.
 * @throws {StartError} when it is malformed, or uses what this host does not support: defaults (`{a=1}`), several parts
 *   in one segment (`{a}-{b}`), constraints that are not in `route-constraints.ts`
 */
export function parseTemplate(text: string): RouteTemplate {
  const body = text.replace(/^~?\//, "").replace(/\/$/, "");
  if (body.startsWith("~")) throw new StartError(`the route "${text}" is malformed: "~" must be followed by "/"`);
  const segments = body === "" ? [] : body.split("/").map((segment) => parseSegment(text, segment));
  refuseMisplaced(text, segments);
  return { text, segments };
}

function parseSegment(template: string, text: string): Segment {
  if (text === "") throw new StartError(`the route "${template}" has an empty segment`);
  if (!/[{}]/.test(text)) {
    if (text.includes("?")) throw new StartError(`the route "${template}" is malformed: "?" outside a parameter`);
    return { kind: "literal", text, lowerText: text.toLowerCase() };
  }
  const inside = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (inside === undefined) {
    throw new StartError(`the route "${template}": the segment "${text}" is not supported by the local functions host`);
  }
  return parseParameter(template, inside);
}

function parseParameter(template: string, text: string): Segment {
  const [, stars = "", rest = ""] = /^(\*{0,2})(.*)$/s.exec(text) ?? [];
  const optional = rest.endsWith("?");
  const [name = "", ...constraintTexts] = (optional ? rest.slice(0, -1) : rest).split(":");
  if (name.includes("=") || constraintTexts.some((constraint) => constraint.includes("="))) {
    throw new StartError(`the route "${template}": default values are not supported by the local functions host`);
  }
  if (name === "" || /[?*]/.test(name)) {
    throw new StartError(`the route "${template}" is malformed: bad parameter name "${name}"`);
  }
  if (stars !== "" && optional) throw new StartError(`the route "${template}": a catch-all cannot be optional`);
  const constraints = constraintTexts.map(compileConstraint);
  return stars === "" ? { kind: "parameter", name, optional, constraints } : { kind: "catch-all", name, constraints };
}

function refuseMisplaced(template: string, segments: readonly Segment[]): void {
  const names = segments.flatMap((segment) => (segment.kind === "literal" ? [] : [segment.name.toLowerCase()]));
  if (new Set(names).size < names.length) throw new StartError(`the route "${template}" repeats a parameter name`);
  if (segments.slice(0, -1).some((segment) => segment.kind === "catch-all")) {
    throw new StartError(`the route "${template}": a catch-all must come last`);
  }
}

/**
 * Matches a template against a path's segments.
 * @param path the whole decoded path; a catch-all takes the rest of it unchanged
 * @returns the parameters' values, or `undefined`
 */
export function matchTemplate(
  { segments }: RouteTemplate,
  path: string,
  pathSegments: readonly string[],
): RouteValues | undefined {
  const values: RouteValues = {};
  let offset = 1;
  for (const [index, value] of pathSegments.entries()) {
    const segment = segments[index];
    if (value === "" || segment === undefined) return undefined;
    if (segment.kind === "catch-all") {
      values[segment.name] = path.slice(offset);
      return satisfies(segment.constraints, values[segment.name]) ? values : undefined;
    }
    if (segment.kind === "literal") {
      if (segment.lowerText !== value.toLowerCase()) return undefined;
    } else {
      if (!satisfies(segment.constraints, value)) return undefined;
      values[segment.name] = value;
    }
    offset += value.length + 1;
  }
  return segments.slice(pathSegments.length).every(mayBeAbsent) ? values : undefined;
}

/** Whether a path may end before this segment. */
export function mayBeAbsent(segment: Segment): boolean {
  if (segment.kind === "parameter") return segment.optional;
  return segment.kind === "catch-all" && segment.constraints.length === 0;
}

function satisfies(constraints: readonly Constraint[], value: string | undefined): boolean {
  return value !== undefined && constraints.every((constraint) => constraint(value));
}
