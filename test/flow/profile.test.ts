import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { operationsOf, startFresh } from "../support/store.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

describe("the profile, an example of a function of one's own", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    client = world.client();
  });
  const profile = () => client.fetch("/me/profile");

  it("has name and picture from Graph", async () => {
    await signIn(client, "zoe@contoso.example", "/healthz");
    const answer = await profile();
    assert.equal(answer.status, 200, answer.body);
    const { name, jobTitle, picture } = answer.json();
    assert.deepEqual([name, jobTitle], ["Zoë Okonkwo", null]);
    const [type = "", image = ""] = String(picture).split(",");
    assert.equal(type, "data:image/png;base64");
    assert.equal(Buffer.from(image, "base64").subarray(1, 4).toString(), "PNG");
  });

  it("has no picture for somebody whom Graph has none of", async () => {
    await signIn(client, "mika@fabrikam.example", "/healthz");
    assert.deepEqual((await profile()).json(), { name: "Mika Sørensen (Fabrikam)", jobTitle: null, picture: null });
  });

  it("falls back on the name of the sign-in when Graph gives none", async () => {
    await signIn(client, "ada@contoso.example", "/healthz");
    world.downstreamApi.controls.failNext({ type: "status", status: 503 }, 2);
    assert.deepEqual((await profile()).json(), { name: "Ada Lindqvist", jobTitle: null, picture: null });
  });

  it("costs one read and no write, and with expired tokens one read, one write and one token request", async () => {
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    await signIn(client, "ada@contoso.example", "/healthz");
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
    world.identityProvider.controls.requests.clear();
    assert.deepEqual(await operationsOf(world, profile), ["read accounts 200", "replace accounts 200"]);
    assert.equal(world.identityProvider.controls.requests.count({ endpoint: "token" }), 1);
    assert.deepEqual(await operationsOf(world, profile), ["read accounts 200"]);
    assert.equal(world.identityProvider.controls.requests.count({ endpoint: "token" }), 1);
  });

  it("is for the person alone: not signed out, not for another site's page", async () => {
    assertProblem(await profile(), 401, "signin_required");
    await signIn(client, "ada@contoso.example", "/healthz");
    const headers = { "sec-fetch-site": "cross-site" };
    assertProblem(await client.fetch("/me/profile", { headers }), 403, "cross_site_request");
  });

  it("passes a claims challenge on to the browser, and ends with the session", async () => {
    await signIn(client, "ada@contoso.example", "/healthz");
    world.downstreamApi.controls.requireAuthenticationContext("c1");
    const challenged = await profile();
    assertProblem(challenged, 401, "signin_required");
    assert.match(String(challenged.json()["claims"]), /acrs/);
    assert.ok(!clearsSession(challenged));
    world.downstreamApi.controls.requireAuthenticationContext(undefined);
    assert.equal(
      (await client.fetch("/auth/sessions", { method: "DELETE", headers: { origin: world.publicBaseUrl } })).status,
      204,
    );
    assertProblem(await profile(), 401, "signin_required");
  });
});
