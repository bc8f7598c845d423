import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Client } from "../support/http-client.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { documentOperations, startFresh } from "../support/store.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

const lines = (world: World) =>
  world
    .log()
    .split("\n")
    .filter((line) => line.includes('"event":"scope_missing"'));

describe("an API for which fewer scopes are granted than are asked for", () => {
  let world: World;
  let client: Client;
  const refreshes = () => world.identityProvider.controls.requests.count({ grantType: "refresh_token" });
  const call = async () => assert.equal((await client.fetch("/api/graph/me")).status, 200);
  before(async () => {
    world = await startWorld({ environment: { DownstreamApis__graph__Scopes: "User.Read Mail.Read" } });
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    world.identityProvider.controls.withheldScopes = ["Mail.Read"];
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
    client = world.client();
    await signIn(client, ada, "/healthz");
    world.identityProvider.controls.requests.clear();
    world.cosmos.operations.clear();
  });

  it("is called with the token that there is: no token request and no write with any call", async () => {
    for (let times = 0; times < 5; times++) await call();
    assert.equal(refreshes(), 0);
    assert.deepEqual(
      documentOperations(world).map(({ kind }) => kind),
      Array.from({ length: 5 }, () => "read"),
    );
  });

  it("names the missing scope to the operator, once, and says so in readyz", async () => {
    await call();
    await eventually("the scope is named", () => lines(world).length > 0);
    assert.equal(lines(world).length, 1);
    assert.match(lines(world)[0] ?? "", /"api":"graph","scope":"Mail\.Read"/);
    const { warnings } = (await client.fetch("/readyz")).json() as { warnings: { code: string }[] };
    assert.ok(warnings.some(({ code }) => code === "scope_missing"));
  });

  it("is renewed once when the token expires, and asked for in full again", async () => {
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    client = world.client();
    await signIn(client, ada, "/healthz");
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
    world.identityProvider.controls.requests.clear();
    for (let times = 0; times < 3; times++) await call();
    assert.equal(refreshes(), 1);
  });

  it("is called with the token that there is, also where a call has brought it and no sign-in", async () => {
    const instance = await world.startInstance({
      DownstreamApis__graph__Scopes: "User.Read",
      DownstreamApis__mail__BaseUrl: `${world.downstreamApi.url}/v1.0`,
      DownstreamApis__mail__Scopes: "User.Read Mail.Read",
    });
    client = world.client(world.instances.indexOf(instance));
    await signIn(client, ada, "/healthz");
    world.identityProvider.controls.requests.clear();
    for (let times = 0; times < 4; times++) assert.equal((await client.fetch("/api/mail/me")).status, 200);
    assert.equal(refreshes(), 1);
  });

  it("has all of them after a later consent and a new sign-in", async () => {
    world.identityProvider.controls.withheldScopes = [];
    await signIn(client, ada, "/healthz");
    world.identityProvider.controls.requests.clear();
    for (let times = 0; times < 3; times++) await call();
    assert.equal(refreshes(), 0);
  });
});

for (const scopes of ["https://graph.microsoft.com/.default", "https://graph.microsoft.com/User.Read"]) {
  it(`an API whose scopes are spelled ${scopes} costs no token request with every call`, async () => {
    const world = await startWorld({ environment: { DownstreamApis__graph__Scopes: scopes } });
    try {
      const client = world.client();
      await signIn(client, ada, "/healthz");
      for (let times = 0; times < 4; times++) assert.equal((await client.fetch("/api/graph/me")).status, 200);
      assert.ok(world.identityProvider.controls.requests.count({ grantType: "refresh_token" }) <= 1);
    } finally {
      await world.stop();
    }
  });
}
