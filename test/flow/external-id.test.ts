import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { frontChannel, sidOf, signOut } from "../support/sign-out.ts";
import { accountDocument, startFresh } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

/* Its metadata is at the tenant's name or at a custom domain, and names an issuer at a host that the tenant's id makes. */
describe("Microsoft Entra External ID, whose issuer is at another host than the authority", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld({ externalId: true });
    world.identityProvider.controls.includeIssInFrontChannel = true;
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3_600;
    client = world.client();
  });

  it("signs people in, and calls an API for them, with a renewed token too", async () => {
    // So short that each call needs a new one.
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    await signIn(client, ada);
    assert.equal((await client.fetch("/auth/me")).status, 200);
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    assert.ok(world.identityProvider.controls.requests.count({ grantType: "refresh_token" }) > 0);
  });

  it("ends the account by a sign-out here, at the identity provider too", async () => {
    await signIn(client, ada);
    const { accountKey } = sessionOf(client);
    const { landed } = await signOut(world, client);
    assert.equal(new URL(landed.url).pathname, "/healthz");
    assert.equal(await accountDocument(world, accountKey), undefined);
  });

  it("ends the account by a sign-out elsewhere that names this issuer, and by no other issuer's", async () => {
    const { issuer, instance, tenantId } = world.identityProvider;
    await signIn(client, ada);
    const query = (iss: string) => `iss=${encodeURIComponent(iss)}&sid=${sidOf(world, ada)}`;
    await frontChannel(client, query(`${instance}${tenantId}/v2.0`));
    assert.equal((await client.fetch("/auth/me")).status, 200);
    await frontChannel(client, query(issuer));
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });
});
