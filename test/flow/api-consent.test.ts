import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Fault } from "@entra-functions-bff/identity-provider";
import { assertProblem } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const orders = "api://8c1f7f0e-52c1-4f0c-9f0b-7d5a5d1f7f60/.default";
const refusals: Readonly<Record<string, object>> = {
  "nobody has consented (AADSTS65001)": { error: "invalid_grant", suberror: "consent_required", error_codes: [65_001] },
  "nobody has consented, by the number alone": { error: "invalid_grant", error_codes: [65_001] },
  "a policy asks for more of the person, without claims": { error: "interaction_required", error_codes: [50_079] },
};

async function signInFor(client: Client, api: string): Promise<Answer> {
  const query = new URLSearchParams({ api, loginHint: ada, returnUrl: "/healthz" });
  return client.navigate(`/auth/login?${query.toString()}`, from("same-origin"));
}

function from(site: string): { headers: Record<string, string> } {
  return { headers: { "sec-fetch-site": site } };
}

describe("an API for which the identity provider wants the person", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await world.startInstance({
      DownstreamApis__graph__BaseUrl: `${world.downstreamApi.url}/v1.0`,
      DownstreamApis__graph__Scopes: "User.Read",
      DownstreamApis__orders__BaseUrl: `${world.downstreamApi.url}/v1.0`,
      DownstreamApis__orders__Scopes: orders,
    });
  });
  after(() => world.stop());
  afterEach(() => {
    world.identityProvider.controls.clearFaults();
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
  });

  const refuse = (body: object) => {
    const fault: Fault = { type: "status", status: 400, body };
    world.identityProvider.controls.failNext("token", fault, 1_000, { grantType: "refresh_token" });
  };

  for (const [why, body] of Object.entries(refusals)) {
    it(`because ${why}: a sign-in for this very API is asked for, and gets its token`, async () => {
      const client = world.client(1);
      await signIn(client, ada, "/healthz");
      refuse(body);
      const answer = await client.fetch("/api/orders/me");
      assertProblem(answer, 403, "api_signin_required");
      assert.equal(answer.json()["api"], "orders");
      assert.equal((await client.fetch("/auth/me")).status, 200);
      assert.equal((await signInFor(client, "orders")).status, 200);
      // The token came with the sign-in: the answer is the API's own.
      assert.ok(!(await client.fetch("/api/orders/me")).body.includes("api_signin_required"));
    });

    it(`because ${why}, also after a sign-in that was about it: no further one is asked for`, async () => {
      const client = world.client(1);
      world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
      await signInFor(client, "orders");
      refuse(body);
      assertProblem(await client.fetch("/api/orders/me"), 403, "api_not_permitted");
      const plain = world.client(1);
      await signIn(plain, ada, "/healthz");
      assertProblem(await plain.fetch("/api/graph/me"), 403, "api_not_permitted");
      assert.equal((await plain.fetch("/auth/me")).status, 200);
    });
  }

  it("with claims that a sign-in with them does not meet: no further one is asked for", async () => {
    const client = world.client(1);
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    await signIn(client, ada, "/healthz");
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: "c9" } } });
    refuse({ error: "interaction_required", error_codes: [53_000], claims });
    const challenged = await client.fetch("/api/graph/me");
    assertProblem(challenged, 401, "signin_required");
    const query = new URLSearchParams({ claims, loginHint: ada, returnUrl: "/healthz" });
    assert.equal((await client.navigate(`/auth/login?${query.toString()}`, from("same-origin"))).status, 200);
    assertProblem(await client.fetch("/api/graph/me"), 403, "api_not_permitted");
  });

  it("asks the identity provider for that API's scopes alone, which .default demands", async () => {
    const client = world.client(1);
    const { headers } = await client.fetch("/auth/login?api=Orders", {
      headers: { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
    });
    const scopes = new URL(headers.location ?? "").searchParams.get("scope")?.split(" ") ?? [];
    assert.deepEqual(scopes.toSorted(), [orders, "offline_access", "openid", "profile"].toSorted());
  });

  it("cannot be chosen by a link of another site, and has to be a configured one", async () => {
    const client = world.client(1);
    assertProblem(await client.fetch("/auth/login?api=orders", from("cross-site")), 403, "cross_site_request");
    assertProblem(await client.fetch("/auth/login?api=nosuch", from("same-origin")), 400, "invalid_request");
  });
});
