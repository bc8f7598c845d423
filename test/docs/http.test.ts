import assert from "node:assert/strict";
import { resolve } from "node:path";
import { before, describe, it } from "node:test";
import { readRegistrations, type FunctionMetadata } from "@entra-functions-bff/functions-host/registrations";
import { problemTypes } from "../../shared/core/errors.ts";
import { environment } from "../unit/support/environment.ts";
import { readPage, tableOf } from "./markdown.ts";

const page = readPage("docs/http.md");

describe("docs/http.md", () => {
  let functions: readonly FunctionMetadata[];
  before(async () => {
    Object.assign(process.env, environment());
    functions = await readRegistrations(resolve("."));
  });

  it("lists the routes of the deployed bundle, with their methods, and no others", () => {
    const written = tableOf(page, "Route").map(([route]) => route);
    assert.deepEqual(new Set(written), new Set(functions.flatMap(routeOf)));
  });

  it("says which routes need a function key", () => {
    const written = tableOf(page, "Route").flatMap(([route, , who]) => (who?.includes("function key") ? [route] : []));
    const keyed = functions.filter((each) => httpTriggerOf(each)?.["authLevel"] !== "anonymous");
    assert.deepEqual(written, keyed.flatMap(routeOf));
  });

  it("lists the error codes with their status, and no others", () => {
    const written = tableOf(page, "Code").map(([code, status]) => `${code} ${status}`);
    const actual = Object.entries(problemTypes).map(([code, { status }]) => `${code} ${status}`);
    assert.deepEqual(new Set(written), new Set(actual));
  });
});

function httpTriggerOf({ bindings }: FunctionMetadata) {
  return Object.values(bindings).find(({ type }) => type === "httpTrigger");
}

/** As the page writes it: methods, then the path. The template of the page at `/` is a way to say "nothing". */
function routeOf(metadata: FunctionMetadata): string[] {
  const trigger = httpTriggerOf(metadata);
  if (!trigger) return [];
  const { methods, route } = trigger;
  assert.ok(Array.isArray(methods) && typeof route === "string");
  return [`${methods.join(" ")} /${route.replace("{ignored:maxlength(0)?}", "")}`];
}
