import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpMethod } from "@azure/functions";
import { getRaw, statusOf, bodyOf, startHost, type TestHost } from "./fixtures/harness.ts";

type Routes = Readonly<Record<string, string | { readonly route: string; readonly methods: HttpMethod[] }>>;

/** Registers functions that answer with their own name and their route parameters. */
function routes(table: Routes): Parameters<typeof startHost>[1] {
  return ({ app }) => {
    for (const [name, entry] of Object.entries(table)) {
      const options = typeof entry === "string" ? { route: entry } : entry;
      app.http(name, { ...options, handler: ({ params }) => ({ jsonBody: { name, params } }) });
    }
  };
}

async function answer(host: TestHost, target: string): Promise<unknown> {
  const raw = await getRaw(host.port, target);
  return statusOf(raw) === 200 ? JSON.parse(bodyOf(raw)) : statusOf(raw);
}

test("a literal route wins over a constrained one, that over a parameter, that over a catch-all", async (t) => {
  const host = await startHost(t, routes({ a: "items/list", b: "items/{id:int}", c: "items/{id}", d: "{*rest}" }));
  assert.deepEqual(await answer(host, "/items/list"), { name: "a", params: {} });
  assert.deepEqual(await answer(host, "/items/42"), { name: "b", params: { id: "42" } });
  assert.deepEqual(await answer(host, "/items/other"), { name: "c", params: { id: "other" } });
  assert.deepEqual(await answer(host, "/items/a/b"), { name: "d", params: { rest: "items/a/b" } });
});

test("an app whose functions' names would give another order in Azure is refused, naming both", async (t) => {
  const table = { assets: "{*path}", login: "auth/login" };
  await assert.rejects(startHost(t, routes(table)), /function "login".*"assets".*order of the functions' names/);
});

test("routes that can never match the same path may have names in any order", async (t) => {
  const host = await startHost(
    t,
    routes({
      a: "x/{id:int}",
      b: "x/list",
      c: { route: "y/{id}", methods: ["GET"] },
      d: { route: "y/list", methods: ["DELETE"] },
      e: "{id}/z",
      f: "{a}/{b}/{c}",
      g: "{none:maxlength(0)?}",
      h: "{one}",
    }),
  );
  assert.equal(host.functions.length, 8);
});

test("upper and lower case, and one trailing slash, make no difference", async (t) => {
  const host = await startHost(t, routes({ me: "Auth/Me", session: "auth/sessions/{id}" }));
  assert.deepEqual(await answer(host, "/AUTH/me/"), { name: "me", params: {} });
  assert.deepEqual(await answer(host, "/auth/SESSIONS/AbC/"), { name: "session", params: { id: "AbC" } });
  for (const target of ["/auth/me//", "//auth/me", "/auth//me", "//"]) assert.equal(await answer(host, target), 404);
});

test("parameters arrive decoded, but for %2F", async (t) => {
  const host = await startHost(t, routes({ x: "x/{a}/{*b}" }));
  assert.deepEqual(await answer(host, "/x/%C3%A9%20%2Fb%2f/c%2Fd/e%3F"), {
    name: "x",
    params: { a: "é %2Fb%2f", b: "c%2Fd/e?" },
  });
  assert.deepEqual(await answer(host, "/x/%25/%zz%ff"), { name: "x", params: { a: "%", b: "%zz%ff" } });
  assert.deepEqual(await answer(host, "/x/+/a+b"), { name: "x", params: { a: "+", b: "a+b" } });
});

test("a catch-all takes the rest as it is; with no rest its parameter is absent", async (t) => {
  const host = await startHost(t, routes({ api: "api/{api}/{*path}" }));
  const params = async (target: string) => ((await answer(host, target)) as { params: unknown }).params;
  assert.deepEqual(await params("/api/graph"), { api: "graph" });
  assert.deepEqual(await params("/api/graph/"), { api: "graph" });
  assert.deepEqual(await params("/api/graph/me/"), { api: "graph", path: "me/" });
  assert.deepEqual(await params("/api/graph/a//b"), { api: "graph", path: "a//b" });
  assert.equal(await answer(host, "/api/graph//b"), 404);
  assert.equal(await answer(host, "/api"), 404);
});

test("dot segments are resolved before routing, encoded or not; twice encoded ones are not", async (t) => {
  const host = await startHost(t, routes({ secret: "secret", x: "x/{*path}" }));
  for (const target of ["/x/../secret", "/x/%2e%2e/secret", "/x/%2E./secret", "/./secret", "/../../secret"]) {
    assert.deepEqual(await answer(host, target), { name: "secret", params: {} }, target);
  }
  assert.deepEqual(await answer(host, "/x/%252e%252e/secret"), { name: "x", params: { path: "%2e%2e/secret" } });
  assert.deepEqual(await answer(host, "/x/..%2fsecret"), { name: "x", params: { path: "..%2fsecret" } });
});

test("constraints decide what matches", async (t) => {
  const constraints = {
    int: { yes: ["0", "-7", "%2B5", "2147483647"], no: ["2147483648", "1.5", "a", "0x1"] },
    long: { yes: ["9223372036854775807"], no: ["9223372036854775808"] },
    bool: { yes: ["true", "FALSE"], no: ["1", "yes"] },
    guid: {
      yes: ["0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5bd9cb469fa16570867728950e"],
      no: ["0f8fad5b-d9cb-469f-a165", "g"],
    },
    alpha: { yes: ["abcXYZ"], no: ["ab1", "%C3%A9"] },
    "length(3)": { yes: ["abc"], no: ["ab", "abcd"] },
    "length(2,3)": { yes: ["ab", "abc"], no: ["a", "abcd"] },
    "minlength(2)": { yes: ["ab"], no: ["a"] },
    "maxlength(2)": { yes: ["ab"], no: ["abc"] },
    "min(5)": { yes: ["5", "99"], no: ["4", "x"] },
    "max(5)": { yes: ["-1", "5"], no: ["6"] },
    "range(1,3)": { yes: ["1", "3"], no: ["0", "4"] },
  };
  const table = Object.keys(constraints).map((constraint, index) => [`f${index}`, `c${index}/{v:${constraint}}`]);
  const host = await startHost(t, routes(Object.fromEntries(table) as Routes));
  for (const [index, [constraint, { yes, no }]] of Object.entries(constraints).entries()) {
    for (const value of yes) assert.notEqual(await answer(host, `/c${index}/${value}`), 404, `${constraint}: ${value}`);
    for (const value of no) assert.equal(await answer(host, `/c${index}/${value}`), 404, `${constraint}: ${value}`);
  }
});

test("an optional parameter may be left out at the end only", async (t) => {
  const host = await startHost(t, routes({ a: "a/{x?}/{y:int?}", b: "b/{x?}/end" }));
  assert.deepEqual(await answer(host, "/a"), { name: "a", params: {} });
  assert.deepEqual(await answer(host, "/a/1"), { name: "a", params: { x: "1" } });
  assert.deepEqual(await answer(host, "/a/1/2"), { name: "a", params: { x: "1", y: "2" } });
  assert.equal(await answer(host, "/a/1/z"), 404);
  assert.equal(await answer(host, "/b/end"), 404);
  assert.deepEqual(await answer(host, "/b/1/end"), { name: "b", params: { x: "1" } });
});

test("the root is reached by a parameter that must be empty, and has a homepage otherwise", async (t) => {
  const withRoot = await startHost(t, routes({ page: "{ignored:maxlength(0)?}" }));
  assert.deepEqual(await answer(withRoot, "/"), { name: "page", params: {} });
  assert.equal(await answer(withRoot, "/x"), 404);

  const without = await startHost(t, routes({ a: "a" }));
  const page = await fetch(without.url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /running/);
  process.env["AzureWebJobsDisableHomepage"] = "true";
  t.after(() => delete process.env["AzureWebJobsDisableHomepage"]);
  assert.equal((await fetch(without.url)).status, 204);
});

test("a wrong method is 404, and nothing answers HEAD or OPTIONS by itself", async (t) => {
  const host = await startHost(t, routes({ x: { route: "x", methods: ["GET"] } }));
  for (const method of ["POST", "HEAD", "OPTIONS", "DELETE"]) {
    const { status, headers } = await fetch(`${host.url}/x`, { method });
    assert.equal(status, 404, method);
    assert.equal(headers.get("allow"), null);
  }
});

test("a route without the request's method is passed over for one that has it", async (t) => {
  const get = { route: "x", methods: ["GET" as const] };
  const host = await startHost(t, routes({ x: get, y: { route: "{*any}", methods: ["POST"] } }));
  const response = await fetch(`${host.url}/x`, { method: "POST" });
  assert.deepEqual(await response.json(), { name: "y", params: { any: "x" } });
});

test("without a route the function's name is the route, under the prefix of host.json", async (t) => {
  const prefixed = await startHost(t, ({ app }) => app.get("hello", () => ({ body: "hi" })), {
    hostJson: { version: "2.0" },
  });
  assert.equal((await fetch(`${prefixed.url}/api/hello`)).status, 200);
  assert.equal((await fetch(`${prefixed.url}/hello`)).status, 404);
  const other = await startHost(t, ({ app }) => app.get("hello", () => ({ body: "hi" })), {
    hostJson: { version: "2.0", extensions: { http: { routePrefix: "v1/x" } } },
  });
  assert.equal((await fetch(`${other.url}/v1/x/hello`)).status, 200);
  assert.deepEqual(other.functions, [{ name: "hello", route: "hello", methods: ["GET"], authLevel: "anonymous" }]);
});

test("a setting replaces the prefix of host.json", async (t) => {
  process.env["AzureFunctionsJobHost__extensions__http__routePrefix"] = "orders";
  t.after(() => delete process.env["AzureFunctionsJobHost__extensions__http__routePrefix"]);
  const host = await startHost(t, routes({ start: "{ignored:maxlength(0)?}", x: "x/{id}" }));
  for (const path of ["/orders", "/orders/", "/orders/x/7"]) assert.equal((await fetch(host.url + path)).status, 200);
  for (const path of ["/x", "/x/7"]) assert.equal((await fetch(host.url + path)).status, 404);
});

test("the addresses of the host's own administration are closed without the master key and not implemented with it", async (t) => {
  const host = await startHost(t, routes({ x: "{*any}" }), {
    files: { "keys.json": '{"masterKey": "master"}' },
    keysFile: "keys.json",
  });
  assert.equal((await fetch(`${host.url}/admin/host/status`)).status, 401);
  const refused = await fetch(`${host.url}/runtime/webhooks/x`, { headers: { "x-functions-key": "master" } });
  assert.equal(refused.status, 501);
  assert.match(await refused.text(), /not implemented/);
  assert.equal((await fetch(`${host.url}/administrator`)).status, 200);
});

test("a function that is disabled by its setting is not there", async (t) => {
  process.env["AzureWebJobs.x.Disabled"] = "true";
  t.after(() => delete process.env["AzureWebJobs.x.Disabled"]);
  const host = await startHost(t, routes({ x: "x", y: "y" }));
  assert.equal((await fetch(`${host.url}/x`)).status, 404);
  assert.equal((await fetch(`${host.url}/y`)).status, 200);
});
