import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { requestedPath, targetUrl } from "../../shared/downstream/target.ts";
import { isProblem } from "./support/is-problem.ts";
import { apiConfiguration } from "./support/environment.ts";

const base = "https://api.example/v1.0";
const graph = apiConfiguration("graph");
const asked = (path: string, api = graph, params = {}) =>
  targetUrl(api, requestedPath(api, { url: `http://localhost:7071${path}`, params }, "")).href;

const named = (name: string) =>
  requestedPath({ ...graph, name: "desk" }, { url: `http://localhost:7071/api/${name}/me`, params: {} }, "");

const prefixed = (url: string) => requestedPath(graph, { url: `http://localhost:7071${url}`, params: {} }, "/api/x");

test("a call reaches the API below the host's route prefix, in whatever case that comes", () => {
  assert.equal(prefixed("/api/x/api/graph/me?a=b"), "me?a=b");
  assert.equal(prefixed("/API/X/api/graph/me"), "me");
});

describe("a call reaches the API at", () => {
  const calls: readonly [path: string, target: string][] = [
    ["/api/graph/me", "/me"],
    ["/API/Graph/me", "/me"],
    ["/api/graph", "/"],
    ["/api/graph/", "/"],
    ["/api/graph/me/messages?$top=5&$select=subject", "/me/messages?$top=5&$select=subject"],
    ["/api/graph/me?next=../../x", "/me?next=../../x"],
    ["/api/graph/users/a%40b.example", "/users/a%40b.example"],
    ["/api/graph/users('a')/x", "/users('a')/x"],
    ["/api/graph/caf%C3%A9", "/caf%C3%A9"],
    ["/api/graph/100%25", "/100%25"],
    ["/api/graph/a%2520b", "/a%2520b"],
    ["/api/graph/@evil.example", "/@evil.example"],
    ["/api/graph/https://evil.example/", "/https://evil.example/"],
    ["/api/graph/file.tar.gz", "/file.tar.gz"],
    ["/api/graph/..x", "/..x"],
  ];
  for (const [path, target] of calls) {
    test(`${path} → ${target}`, () => assert.equal(asked(path), base + target));
  }
});

const seen = (decoded: string, raw: string, allowEncodedSlashes = true) =>
  asked(`/api/graph/${raw}`, { ...graph, allowEncodedSlashes }, { api: "graph", path: decoded });

describe("what the host has decoded is encoded again, once", () => {
  const paths: readonly [what: string, decoded: string, raw: string, target: string][] = [
    ["a b", "a b", "a%20b", "/a%20b"],
    ["a%20b", "a%20b", "a%20b", "/a%2520b"],
    ["a%20b, encoded whole", "a%20b", "a%2520b", "/a%2520b"],
    ["a%2Fb, encoded whole", "a%2Fb", "a%252Fb", "/a%2Fb"],
    ["100%", "100%", "100%25", "/100%25"],
    ["%zz", "%zz", "%25zz", "/%25zz"],
    ["what? is#this", "what? is#this", "what%3F%20is%23this", "/what%3F%20is%23this"],
    ["é", "é", "%C3%A9", "/%C3%A9"],
    ["a/b in a segment", "items/a%2Fb", "items/a%2Fb", "/items/a%2Fb"],
    ["a%2Fb beside a%20b", "a%20b/a%2Fb", "a%20b/a%2Fb", "/a%2520b/a%2Fb"],
    ["plain", "users('a')/x;y=1", "users('a')/x;y=1", "/users('a')/x;y=1"],
  ];
  for (const [what, decoded, raw, target] of paths) {
    test(what, () => assert.equal(seen(decoded, raw), base + target));
  }

  test("and a parameter that is not the path's counts for nothing", () => {
    assert.equal(seen("b%20c", "a%20b"), `${base}/a%20b`);
    assert.equal(seen("me", ""), `${base}/`);
  });

  test("and where it could lead elsewhere, however it was written, it is refused", () => {
    for (const [decoded, raw] of [
      ["%2e%2e/x", "%2e%2e/x"],
      ["a/%2e%2e%2Fx", "a/%2e%2e%2Fx"],
      ["..%2Fx", "..%2Fx"],
      ["a/..%2Fx", "a/..%2Fx"],
      ["a%2F..%2Fx", "a%2F..%2Fx"],
      ["a/%252e%252e/x", "a/%252e%252e/x"],
      ["%2F%2Fevil.example", "%2F%2Fevil.example"],
      [String.raw`..\x`, "..%5Cx"],
      ["%5c%5cevil.example", "%5c%5cevil.example"],
      ["a\tb", "a%09b"],
      ["a%09b", "a%09b"],
      ["a/..;/x", "a/..;/x"],
      ["a/%2e%2e;/x", "a/%2e%2e;/x"],
    ] as const) {
      assert.throws(() => seen(decoded, raw), isProblem("api_path_invalid"), decoded);
    }
  });

  test("and an encoded slash is refused where the API's settings do not allow it", () => {
    assert.throws(() => seen("a%2Fb", "a%2Fb", false), isProblem("api_path_invalid", /encoded slash/));
  });
});

describe("a call that tries to leave the API's base URL is refused", () => {
  const escapes = [
    "/api/graph//evil.example/x",
    "/api/graph/..%2f..%2fadmin",
    "/api/graph/%2e%2e%2fadmin",
    "/api/graph/a%2Fb",
    "/api/graph/..%5cadmin",
    "/api/graph/%5c%5cevil.example",
    "/api/graph/%00",
    "/api/graph/%0d%0aHost:%20evil.example",
    "/api/graph/%09",
    "/api/graph/%7f",
    "/api/graph/../../admin",
    "/api/graph/%2e%2e/%2e%2e/admin",
    "/api/graph/../..//evil.example",
    "/api",
    "/api/graph/../orders/1",
    "/api/orders/1",
    "/elsewhere/graph/me",
  ];
  for (const path of escapes) {
    test(path, () => assert.throws(() => asked(path), isProblem("api_path_invalid")));
  }

  test("to an API whose name is written with letters that only become those of the name", () => {
    assert.equal(named("DESK"), "me");
    for (const name of ["des\u212a", "des%E2%84%AA", "de\u017fk", "%64esk", "desk%20", "ｄesk"]) {
      assert.throws(() => named(name), isProblem("api_path_invalid"), name);
    }
  });

  test("/api/graph/..;/admin, which servers with path parameters read as a way up", () => {
    assert.throws(() => asked("/api/graph/..;/admin"), isProblem("api_path_invalid"));
  });
});

const called = (path: string) => targetUrl(graph, path).href;

describe("a function's own call", () => {
  const calls: readonly [path: string, target: string][] = [
    ["me", "/me"],
    ["/me", "/me"],
    ["", "/"],
    ["me/messages?$top=5&$filter=from eq 'Zoë'", "/me/messages?$top=5&$filter=from%20eq%20%27Zo%C3%AB%27"],
    ["me?a=1#b", "/me?a=1%23b"],
    [`items/${encodeURIComponent("AAMkADAy/z/LP4A=")}`, "/items/AAMkADAy%2Fz%2FLP4A%3D"],
    [`items/${encodeURIComponent("100% a%2Fb")}`, "/items/100%25%20a%252Fb"],
    [`users/${encodeURIComponent("zoë@contoso.example")}`, "/users/zo%C3%AB%40contoso.example"],
    [`${base}/users?$skiptoken=X%27`, "/users?$skiptoken=X%27"],
    ["https://evil.example/x", "/https://evil.example/x"],
  ];
  for (const [path, target] of calls) {
    test(`of ${path} reaches ${target}`, () => assert.equal(called(path), base + target));
  }

  const escapes = [
    "//evil.example",
    "../beta/me",
    "a/../../beta",
    "..#",
    "me#x",
    "users/..",
    "users/%2e%2e",
    String.raw`\x`,
  ];
  for (const path of [
    ...escapes,
    `${base}/../beta`,
    `${base}//x`,
    `users/${encodeURIComponent("../b")}`,
    `users/${encodeURIComponent("a/../b")}`,
    encodeURIComponent("/b"),
    "users/%252e%252e",
    "zoë",
    "a\nb",
  ]) {
    test(`of ${JSON.stringify(path)} is refused: it could lead elsewhere`, () => {
      assert.throws(() => called(path), isProblem("api_path_invalid"));
    });
  }
});

test("whatever the path, the token goes to the API's own origin, below its base path", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      "//",
      "..",
      ".",
      "\\",
      "%2e",
      "%2F",
      "%5c",
      "%00",
      "%0a",
      "%",
      "@",
      ":",
      "?",
      "#",
      ";",
      " ",
      "\t",
    ),
    fc.constantFrom("evil.example", "https:", "é", "／", "\ud800", "v1.0", "graph"),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  );
  const path = fc.array(piece, { maxLength: 10 }).map((parts) => `/api/graph/${parts.join("")}`);
  const baseUrls = fc.constantFrom(base, "http://127.0.0.1:7075/v1.0", "https://api.example");
  fc.assert(
    fc.property(path, baseUrls, fc.boolean(), path, (given, baseUrl, allowEncodedSlashes, parameter) => {
      let target: URL;
      try {
        const params = { path: parameter.slice("/api/graph/".length) };
        target = new URL(asked(given, { ...graph, baseUrl, allowEncodedSlashes }, params));
      } catch (error) {
        isProblem("api_path_invalid")(error);
        return;
      }
      const own = new URL(`${baseUrl}/`);
      assert.equal(target.origin, own.origin);
      assert.equal(target.username + target.password, "");
      assert.ok(target.pathname.startsWith(own.pathname));
      const decoded = decodeOnce(target.pathname);
      assert.ok(!decoded.split(/[/\\]/).includes(".."), decoded);
      assert.ok(!decodeOnce(decoded).split(/[/\\]/).includes(".."), decoded);
    }),
    { numRuns: 1_000 },
  );
});

function decodeOnce(path: string): string {
  return path.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
