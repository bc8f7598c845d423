import { parseTemplate } from "../http/route-template.ts";
import { sharesMethod, type Routable } from "../http/router.ts";
import { StartError } from "../start-error.ts";
import type { BindingInfo } from "../worker/core-types.ts";
import type { TriggeredFunction } from "./trigger.ts";

export type AuthLevel = "anonymous" | "function" | "admin";

/** A function with an HTTP trigger, ready for the route table. */
export interface HttpFunction extends Routable {
  readonly registered: TriggeredFunction;
  /** As the app gave it, without the prefix. */
  readonly route: string;
  readonly authLevel: AuthLevel;
}

/**
 * Checks and compiles a function's HTTP trigger.
 * @throws {StartError} for a reserved route, a malformed one, or an unknown method or level.
 */
export function compileHttpFunction(registered: TriggeredFunction, routePrefix: string): HttpFunction {
  const { name, bindings } = registered.metadata;
  const { binding } = registered;
  refuseOtherReturn(bindings);
  const route = readRoute(binding, name);
  return {
    name,
    registered,
    route,
    authLevel: readAuthLevel(binding["authLevel"]),
    methods: readMethods(binding["methods"]),
    template: parseTemplate(routePrefix === "" ? route : `${routePrefix}/${route}`),
  };
}

/** @throws {StartError} when another function already has this route with one of these methods. */
export function refuseDuplicate(fn: HttpFunction, others: readonly HttpFunction[]): void {
  for (const other of others) {
    const sameRoute = normalRoute(other.route) === normalRoute(fn.route);
    if (sameRoute && sharesMethod(fn, other)) {
      throw new StartError(`the route "${fn.route}" is already taken by the function "${other.name}"`);
    }
  }
}

function normalRoute(route: string): string {
  return route.replaceAll(/^\/+|\/+$/g, "").toLowerCase();
}

function readRoute(binding: BindingInfo, functionName: string): string {
  const route = binding["route"] ?? "";
  if (typeof route !== "string") throw new StartError("its route must be text");
  const effective = route.trim() === "" ? functionName : route;
  if (/^(?:admin|runtime)/.test(normalRoute(effective))) {
    throw new StartError(`the route "${effective}" is reserved: it begins with "admin" or "runtime"`);
  }
  return effective;
}

function readAuthLevel(level: unknown): AuthLevel {
  const lower = typeof level === "string" ? level.toLowerCase() : level;
  if (lower === "anonymous" || lower === "function" || lower === "admin") return lower;
  throw new StartError(`unknown authLevel ${JSON.stringify(level)}`);
}

function readMethods(methods: unknown): Set<string> {
  const isList = Array.isArray(methods) && methods.length > 0;
  if (!isList || !methods.every((method) => typeof method === "string" && method !== "")) {
    throw new StartError("its methods must be a list of at least one HTTP method");
  }
  return new Set((methods as string[]).map((method) => method.toUpperCase()));
}

function refuseOtherReturn(bindings: Readonly<Record<string, BindingInfo>>): void {
  const returned = bindings["$return"];
  if (returned !== undefined && returned.type.toLowerCase() !== "http") {
    throw new StartError(`the output binding "${returned.type}" is not supported by the local functions host`);
  }
}
