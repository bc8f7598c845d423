import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { dumpStore, type StoreDump } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const routes = [
  "/",
  "/auth/login",
  "/auth/callback",
  "/auth/me",
  "/auth/logout",
  "/auth/frontchannel-logout",
  "/auth/signed-out",
  "/auth/sessions",
  "/api/graph/me",
  "/healthz",
];
const long = (name: string) => `${name}=${"x".repeat(12_000)}`;
const form = { "content-type": "application/x-www-form-urlencoded" };

describe("more than anybody needs to send", () => {
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

  async function assertUnharmed(): Promise<void> {
    assert.deepEqual(await dumpStore(world), stored);
    assert.equal((await client.fetch("/auth/me")).status, 200);
    assert.doesNotMatch(world.log(), /internal_error|unhandled/i);
  }

  it("a query of 12 KB, in one parameter or in a thousand: no failure, nothing changes", async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `p${index}=${index}`).join("&");
    for (const path of routes) {
      for (const query of [long("returnUrl"), long("state"), long("sid"), long("claims"), many]) {
        const { status, headers } = await client.fetch(`${path}?${query}`);
        assert.ok(status < 500, `${path}?${query.slice(0, 20)} ${status}`);
        assert.ok((headers.location ?? "").length < 8_000, `${path} passes it on`);
      }
    }
    await assertUnharmed();
  });

  it("headers of 60 KB: refused by the server", async () => {
    for (const path of routes) {
      const headers = { "x-long": "x".repeat(60_000) };
      assert.equal((await client.fetch(path, { headers })).status, 431, path);
    }
    await assertUnharmed();
  });

  it("cookies by the hundred beside the session's: the session's counts", async () => {
    const { value } = sessionOf(client);
    const others = Array.from({ length: 400 }, (_, index) => `__Host-signin-${index}=${"x".repeat(16)}`);
    const cookie = [...others, `${sessionCookie}=${value}`].join("; ");
    for (const path of ["/auth/me", "/api/graph/me"]) {
      assert.equal((await world.client().fetch(path, { headers: { cookie } })).status, 200);
    }
    assert.equal((await world.client().fetch("/auth/login", { headers: { cookie } })).status, 302);
    await assertUnharmed();
  });

  it("a logout token of more than 64 KiB: refused before it is looked at", async () => {
    const body = `logout_token=${"x".repeat(65_536)}`;
    const answer = await client.fetch("/auth/backchannel-logout", { method: "POST", headers: form, body });
    assertProblem(answer, 413, "body_too_large");
    await assertUnharmed();
  });

  it("a body of 5 MB where none is expected: refused for what else is wrong with the request", async () => {
    const body = Buffer.alloc(5_000_000, "x");
    for (const [method, path] of [
      ["POST", "/auth/logout"],
      ["DELETE", "/auth/sessions"],
    ] as const) {
      assertProblem(await client.fetch(path, { method, headers: form, body }), 403, "cross_site_request");
    }
    await assertUnharmed();
  });
});
