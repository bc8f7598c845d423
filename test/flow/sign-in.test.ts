import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { documentOperations } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

describe("signing in", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  it("brings the person back to the page they came from, signed in", async () => {
    const client = world.client();
    const landed = await signIn(client, "ada@contoso.example", "/auth/me?from=here");
    assert.equal(landed.url, `${world.publicBaseUrl}/auth/me?from=here`);
    const me = await client.fetch("/auth/me");
    assert.equal(me.status, 200);
    assert.deepEqual(me.json()["account"], {
      name: "Ada Lindqvist",
      username: "ada@contoso.example",
      tenantId: world.identityProvider.tenantId,
      objectId: world.identityProvider.people[0]?.oid,
    });
    const graph = await client.fetch("/api/graph/me");
    assert.equal(graph.status, 200);
    assert.equal(graph.json()["displayName"], "Ada Lindqvist");
  });

  it("takes three store operations, and an API call one read and no write", async () => {
    const client = world.client();
    world.cosmos.operations.clear();
    await signIn(client, "zoe@contoso.example", "/healthz");
    const documents = () => documentOperations(world);
    const asked = documents().map(({ kind, container, status }) => `${kind} ${container} ${status}`);
    assert.deepEqual(asked.toSorted(), ["create accounts 201", "create sids 201", "read sids 404"]);
    world.cosmos.operations.clear();
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    assert.deepEqual(
      documents().map(({ kind, container, id }) => [kind, container, id]),
      [["read", "accounts", sessionOf(client).accountKey]],
    );
  });
});
