import { matchTemplate, mayBeAbsent, type RouteTemplate, type RouteValues, type Segment } from "./route-template.ts";

/** Something that requests are routed to. */
export interface Routable {
  readonly name: string;
  readonly template: RouteTemplate;
  /** In upper case. */
  readonly methods: ReadonlySet<string>;
}

export interface RouteMatch<T extends Routable> {
  readonly target: T;
  readonly params: RouteValues;
}

/** Finds the target for a method (upper case) and a decoded path. */
export type Router<T extends Routable> = (method: string, path: string) => RouteMatch<T> | undefined;

/**
 * Compiles a route table. Literal segments come before constrained parameters, these before other parameters, and
 * catch-alls last. Among equals, the function's name decides. Case and one trailing slash do not matter. A target
 * without the method is skipped.
 */
export function createRouter<T extends Routable>(targets: readonly T[]): Router<T> {
  const ordered = targets.toSorted(comparePrecedence);
  const isLiteral = ({ template }: T) => template.segments.every(({ kind }) => kind === "literal");
  const patterns = ordered.filter((target) => !isLiteral(target));
  const literals = Map.groupBy(ordered.filter(isLiteral), literalKey);

  return (method, path) => {
    const key = trimSlashes(path);
    for (const target of literals.get(key.toLowerCase()) ?? []) {
      if (target.methods.has(method)) return { target, params: {} };
    }
    const segments = path === "/" ? [] : key.split("/");
    for (const target of patterns) {
      if (!target.methods.has(method)) continue;
      const params = matchTemplate(target.template, path, segments);
      if (params !== undefined) return { target, params };
    }
    return undefined;
  };
}

// "/" has no segment, "//" has an empty one, which no route matches.
function trimSlashes(path: string): string {
  if (path === "//") return "/";
  return path.length > 1 && path.endsWith("/") ? path.slice(1, -1) : path.slice(1);
}

function literalKey({ template }: Routable): string {
  return template.segments.map((segment) => (segment.kind === "literal" ? segment.lowerText : "")).join("/");
}

function precedenceDigit(segment: Segment): number {
  if (segment.kind === "literal") return 1;
  const constrained = segment.constraints.length > 0;
  if (segment.kind === "parameter") return constrained ? 2 : 3;
  return constrained ? 4 : 5;
}

function comparePrecedence(a: Routable, b: Routable): number {
  for (const [index, segment] of a.template.segments.entries()) {
    const other = b.template.segments[index];
    if (other === undefined) return 1;
    const difference = precedenceDigit(segment) - precedenceDigit(other);
    if (difference !== 0) return difference;
  }
  const difference = a.template.segments.length - b.template.segments.length;
  return difference === 0 ? compareNames(a, b) : difference;
}

function compareNames(a: Routable, b: Routable): number {
  const [first, second] = [a.name.toLowerCase(), b.name.toLowerCase()];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

/** Two routes that share paths and methods, and that a host going by names would try in the opposite order. */
export interface OrderConflict {
  /** Gets the shared requests here. */
  readonly specific: string;
  /** Would get them there, because its name comes first. */
  readonly shadowing: string;
}

/**
 * Finds the routes for which precedence and function names give a different result. The released Functions host tries
 * routes in the order of the functions' names and takes the first match.
 */
export function findOrderConflicts(targets: readonly Routable[]): OrderConflict[] {
  const ordered = targets.toSorted(comparePrecedence);
  return ordered.flatMap((specific, index) =>
    ordered
      .slice(index + 1)
      .filter((other) => compareNames(other, specific) < 0 && sharesRequests(specific, other))
      .map((other) => ({ specific: specific.name, shadowing: other.name })),
  );
}

function sharesRequests(a: Routable, b: Routable): boolean {
  if (!sharesMethod(a, b)) return false;
  const longest = Math.max(a.template.segments.length, b.template.segments.length);
  for (let length = 0; length <= longest; length += 1) if (sharesPathOf(length, a, b)) return true;
  return false;
}

/** Whether some method is one of both. */
export function sharesMethod(a: Routable, b: Routable): boolean {
  return [...a.methods].some((method) => b.methods.has(method));
}

function sharesPathOf(length: number, a: Routable, b: Routable): boolean {
  const [first, second] = [a.template.segments, b.template.segments];
  if (!allowsLength(first, length) || !allowsLength(second, length)) return false;
  return Array.from({ length }).every((_, index) => compatible(segmentAt(first, index), segmentAt(second, index)));
}

function allowsLength(segments: readonly Segment[], length: number): boolean {
  if (segments.at(-1)?.kind === "catch-all" && length >= segments.length) return true;
  return length <= segments.length && segments.slice(length).every(mayBeAbsent);
}

function segmentAt(segments: readonly Segment[], index: number): Segment | undefined {
  return segments[index] ?? segments.at(-1);
}

// Whether some text fits both segments; in doubt, it does.
function compatible(a: Segment | undefined, b: Segment | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.kind === "literal" && b.kind === "literal") return a.lowerText === b.lowerText;
  return accepts(a, b) && accepts(b, a);
}

function accepts(segment: Segment, other: Segment): boolean {
  if (segment.kind !== "parameter") return true;
  if (other.kind === "literal") return segment.constraints.every((constraint) => constraint(other.text));
  return !segment.constraints.some(isOnlyEmpty);
}

// `maxlength(0)` and `length(0)` accept no segment: they are for the root.
function isOnlyEmpty(constraint: (value: string) => boolean): boolean {
  return constraint("") && !["a", "1", "-"].some((sample) => constraint(sample));
}
