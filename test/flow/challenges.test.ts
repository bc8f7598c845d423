import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { startDownstreamApi, type DownstreamApi } from "@entra-functions-bff/development/downstream-api";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { startFresh } from "../support/store.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const token = { endpoint: "token" } as const;
const claimsOf = (answer: Answer): unknown => JSON.parse(String(answer.json()["claims"]));
const contextClaims = (value: string) => ({ access_token: { acrs: { essential: true, value } } });

/* Continuous access evaluation and authentication contexts: an API that wants another token says which claims it wants. */
describe("a claims challenge of an API", () => {
  let world: World;
  let client: Client;
  let expenses: DownstreamApi;
  before(async () => {
    world = await startWorld();
    const { identityProvider } = world;
    expenses = await startDownstreamApi({
      port: 0,
      issuer: `${identityProvider.instance}${identityProvider.tenantId}/v2.0`,
      jwks: async () => identityProvider.jwks(),
      audience: "api://expenses",
      scope: "Reports.Read",
    });
    await world.startInstance({
      DownstreamApis__expenses__BaseUrl: `${expenses.url}/v1.0`,
      DownstreamApis__expenses__Scopes: "api://expenses/Reports.Read",
    });
  });
  after(async () => {
    await world.stop();
    await expenses.stop();
  });
  beforeEach(async () => {
    await startFresh(world);
    const { controls } = world.identityProvider;
    controls.accessTokenLifetimeSeconds = 3600;
    controls.rotateRefreshTokens = false;
    for (const api of [world.downstreamApi, expenses]) {
      api.controls.clearFaults();
      api.controls.requireAuthenticationContext(undefined);
      api.controls.clearRequests();
    }
    client = world.client(1);
    await signIn(client, ada, "/healthz");
    controls.requests.clear();
  });

  const stepUp = (claims: string) =>
    client.navigate(`/auth/login?${new URLSearchParams({ claims, loginHint: ada, returnUrl: "/healthz" }).toString()}`);
  const tokenRequests = () => world.identityProvider.controls.requests.count(token);

  it("that a newer token meets is met without the person: one token request, and the token is kept", async () => {
    world.downstreamApi.controls.claimsChallengeNext();
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    assert.equal(tokenRequests(), 1);
    assert.deepEqual(
      world.downstreamApi.requests.map(({ status }) => status),
      [401, 200, 200],
    );
  });

  it("is met for a call with a body, too: the API gets it as it was sent", async () => {
    world.downstreamApi.controls.claimsChallengeNext();
    const headers = { origin: world.publicBaseUrl, "content-type": "application/json" };
    const answer = await client.fetch("/api/graph/echo", { method: "POST", headers, body: '{"amount":1}' });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.json()["body"], '{"amount":1}');
  });

  for (const [name, which] of [
    ["graph", "the first API"],
    ["expenses", "another API than the one that the sign-in's code is redeemed for"],
  ] as const) {
    it(`that takes the person reaches the browser, and one sign-in with its claims meets it, for ${which}`, async () => {
      const { controls } = name === "graph" ? world.downstreamApi : expenses;
      controls.requireAuthenticationContext("c1");
      const refused = await client.fetch(`/api/${name}/me`);
      assertProblem(refused, 401, "signin_required");
      assert.ok(!clearsSession(refused));
      assert.deepEqual(claimsOf(refused), contextClaims("c1"));
      assert.equal((await stepUp(JSON.stringify(claimsOf(refused)))).status, 200);
      for (let call = 0; call < 2; call++) assert.equal((await client.fetch(`/api/${name}/me`)).status, 200);
    });

    it(`is met again without the person when the token for ${which} has expired`, async () => {
      world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
      const { controls } = name === "graph" ? world.downstreamApi : expenses;
      controls.requireAuthenticationContext("c1");
      await stepUp(JSON.stringify(contextClaims("c1")));
      for (let call = 0; call < 3; call++) assert.equal((await client.fetch(`/api/${name}/me`)).status, 200);
    });
  }

  it("that goes on and on is passed to the browser after one more call, and the session stays", async () => {
    world.downstreamApi.controls.claimsChallengeNext(2);
    const refused = await client.fetch("/api/graph/me");
    assertProblem(refused, 401, "signin_required");
    assert.ok(Object.hasOwn(claimsOf(refused) as object, "access_token"));
    assert.equal(world.downstreamApi.requests.length, 2);
    assert.equal(tokenRequests(), 1);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("of many calls at once is met by one token request", async (test) => {
    const calls = 6;
    world.downstreamApi.controls.claimsChallengeNext(calls, JSON.stringify({ access_token: { nbf: { value: "1" } } }));
    const gate = world.identityProvider.controls.gate("token");
    test.after(() => gate.release());
    const reads = world.cosmos.faults.gate({
      match: { kind: "read", container: "accounts" },
      times: 2 * calls,
      when: "after",
    });
    test.after(() => reads.releaseAll());
    const answers = Array.from({ length: calls }, () => client.fetch("/api/graph/me"));
    // All have read the session; and, after the challenge, all have read it again.
    for (let read = 1; read <= 2; read++) {
      await reads.reached(read * calls);
      for (let each = 0; each < calls; each++) reads.release();
    }
    await gate.reached();
    gate.release();
    for (const { status, body } of await Promise.all(answers)) assert.equal(status, 200, body);
    assert.equal(tokenRequests(), 1);
  });

  it("after the sessions were revoked ends the session", async () => {
    world.identityProvider.controls.revokeRefreshTokens();
    world.downstreamApi.controls.claimsChallengeNext();
    const refused = await client.fetch("/api/graph/me");
    assertProblem(refused, 401, "signin_required");
    assert.equal(refused.json()["claims"], undefined);
    assert.ok(clearsSession(refused));
  });

  it("while the identity provider is down is a failure, and the session stays", async () => {
    world.downstreamApi.controls.claimsChallengeNext();
    world.identityProvider.controls.failNext("token", { type: "status", status: 503 }, 1);
    assertProblem(await client.fetch("/api/graph/me"), 503, "identity_provider_unavailable");
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });
});
