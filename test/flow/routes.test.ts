import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem, codeOf } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { dumpStore, type StoreDump } from "../support/store.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

const routes: Readonly<Record<string, readonly string[]>> = {
  "/": ["GET", "HEAD"],
  "/assets/auth.js": ["GET", "HEAD"],
  "/auth/login": ["GET"],
  "/auth/callback": ["GET", "POST"],
  "/auth/cookie-check": ["GET"],
  "/auth/me": ["GET"],
  "/auth/logout": ["GET", "POST"],
  "/auth/frontchannel-logout": ["GET"],
  "/auth/signed-out": ["GET"],
  "/healthz": ["GET", "HEAD"],
  "/readyz": ["GET", "HEAD"],
  "/me/profile": ["GET"],
  "/api/graph/me": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
};
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"];

/** Paths that try to leave the API, with the code that each is answered with; undefined for the host's own answer. */
const pathTricks: Readonly<Record<string, string | undefined>> = {
  "/api/graph/../healthz": "api_unknown",
  "/api/graph/../../healthz": undefined,
  "/api/graph/%2e%2e/echo": "api_unknown",
  "/api/graph/.%2e/echo": "api_unknown",
  "/api/graph/%2E%2E/%2E%2E/healthz": undefined,
  "/api/graph/..%2fecho": "api_path_invalid",
  "/api/graph/..%2Fecho": "api_path_invalid",
  "/api/graph/echo%2f..%2f..%2fbeta": "api_path_invalid",
  "/api/graph/%2fevil.example/": "api_path_invalid",
  "/api/graph/\\evil.example": "api_path_invalid",
  "/api/graph/..\\echo": "api_path_invalid",
  "/api/graph/%5cevil.example": "api_path_invalid",
  "/api/graph/%5C..%5C": "api_path_invalid",
  "/api/graph/%252e%252e/echo": "api_path_invalid",
  "/api/graph/echo/%252e%252e/%252e%252e/beta": "api_path_invalid",
  "/api/graph/%252fevil.example": "api_path_invalid",
  "/api/graph//evil.example/": undefined,
  "/api/graph//": undefined,
  "/api/graph/echo%00": undefined,
  "/api/graph/echo%0d%0ahost:evil.example": "api_path_invalid",
  "/api/graph/echo%09": "api_path_invalid",
  "/api/graph/echo%7f": "api_path_invalid",
  "/api//me": undefined,
  "/api/": undefined,
  "/api/unknown/me": "api_unknown",
  "/api/__proto__/me": "api_unknown",
  "/api/constructor/me": "api_unknown",
  "/api/graph%2fme": "api_unknown",
  "/api/graph%00/me": undefined,
  "/api/gr%C3%A4ph/me": "api_unknown",
  "//evil.example/api/graph/me": undefined,
};

describe("requests that no page of the app makes", () => {
  let world: World;
  let client: Client;
  let stored: StoreDump;
  before(async () => {
    world = await startWorld();
    client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    stored = await dumpStore(world);
  });
  after(() => world.stop());
  beforeEach(() => world.downstreamApi.controls.clearRequests());
  const own = () => ({ origin: world.publicBaseUrl, "sec-fetch-site": "same-origin" });

  for (const [path, known] of Object.entries(routes)) {
    it(`${path} by another method than ${known.join(", ")}: there is no such thing`, async () => {
      for (const method of methods.filter((each) => !known.includes(each))) {
        const { status, headers } = await client.fetch(path, { method, headers: own() });
        // At the root the host itself answers what no function does, without its home page.
        const isHosts = path === "/" && ["TRACE", "PROPFIND", "QUERY"].includes(method);
        assert.equal(status, isHosts ? 204 : 404, method);
        assert.equal(headers["set-cookie"], undefined);
      }
      assert.equal(world.downstreamApi.requests.length, 0);
      assert.deepEqual(await dumpStore(world), stored);
    });
  }

  it("HEAD, as front ends probe: the head that GET has, without a body", async () => {
    for (const path of ["/healthz", "/readyz", "/", "/assets/auth.js", "/nowhere", "/assets/none"]) {
      const [head, get] = [await client.fetch(path, { method: "HEAD" }), await client.fetch(path)];
      assert.deepEqual(
        [head.status, head.headers["content-type"], head.body],
        [get.status, get.headers["content-type"], ""],
      );
      assert.equal(head.headers["content-security-policy"], get.headers["content-security-policy"]);
    }
    for (const path of ["/auth/login", "/auth/callback"]) {
      const answer = await client.fetch(path, { method: "HEAD" });
      assert.deepEqual(
        [answer.status, answer.headers["set-cookie"]],
        [404, undefined],
        "No link checker begins a sign-in",
      );
    }
  });

  for (const [path, code] of Object.entries(pathTricks)) {
    it(`${path}: refused, and the API hears nothing of it`, async () => {
      const answer = await client.fetch("/", { rawTarget: path });
      if (code === undefined) assert.ok([200, 400, 404].includes(answer.status), String(answer.status));
      else assertProblem(answer, code === "api_unknown" ? 404 : 400, code);
      assert.deepEqual(
        world.downstreamApi.requests.map((request) => request.path),
        [],
      );
    });
  }

  it("an absolute address as target, or another host's name: nobody else is asked", async () => {
    for (const rawTarget of ["http://evil.example/api/graph/me", "https://evil.example/", "*", "evil.example:443"]) {
      const { status } = await client.fetch("/", { rawTarget });
      assert.ok(status >= 400 && status < 500, `${rawTarget} ${status}`);
    }
    const answer = await client.fetch("/auth/login", {
      headers: { host: "evil.example", "x-forwarded-host": "evil.example", forwarded: "host=evil.example" },
    });
    const { location = "" } = answer.headers;
    assert.equal(new URL(location).searchParams.get("redirect_uri"), `${world.publicBaseUrl}/auth/callback`);
  });

  it("a claim to be somebody, in a header that the platform sets: not believed", async () => {
    const principal = Buffer.from(JSON.stringify({ userId: "ada" })).toString("base64");
    const headers = { "x-ms-client-principal": principal, "x-ms-client-principal-id": "ada" };
    assertProblem(await world.client().fetch("/auth/me", { headers }), 401, "signin_required");
  });

  it("an unknown API, signed out: sign in first", async () => {
    assertProblem(await world.client().fetch("/api/unknown/me"), 401, "signin_required");
  });

  it("a page for a person and problem details for a program", async () => {
    const page = await world.client().navigate("/auth/me");
    assert.equal(page.status, 401);
    assert.equal(codeOf(page), "Sign in again");
    assert.match(page.body, /href="\/auth\/login\?returnUrl=%2Fauth%2Fme"/);
    const fromScript = await world
      .client()
      .fetch("/auth/me", { headers: { accept: "text/html", "sec-fetch-mode": "cors" } });
    assertProblem(fromScript, 401, "signin_required");
  });
});
