import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { transactionCookie, untilCallback } from "../support/sign-in-steps.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/** A query member that the programming model takes for the request's headers. */
function headersOf(fields: Record<string, string>): string {
  return `Headers=${encodeURIComponent(JSON.stringify(fields))}`;
}

describe("with Http__Streaming", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld({ environment: { Http__Streaming: "true" } });
    client = world.client();
    await signIn(client, "ada@contoso.example");
  });
  after(() => world.stop());

  it("a person signs in, calls an API, and signs out", async () => {
    const own = world.client();
    await signIn(own, "bruno@contoso.example");
    assert.equal((await own.fetch("/api/graph/me")).status, 200);
    const headers = { origin: world.publicBaseUrl };
    assert.equal((await own.fetch("/auth/logout", { method: "POST", headers })).status, 303);
    assertProblem(await own.fetch("/api/graph/me"), 401, "signin_required");
  });

  it("no member of the query chooses another API or another path of it", async () => {
    for (const query of ["?api=other", "?API=other", "?Api=other&PATH=organization&Path=x"]) {
      const seen = world.downstreamApi.requests.length;
      assert.equal((await client.fetch(`/api/graph/me${query}`)).status, 200, query);
      assert.equal(new URL(`http://x${world.downstreamApi.requests.at(-1)?.path ?? ""}`).pathname, "/v1.0/me");
      assert.equal(world.downstreamApi.requests.length, seen + 1);
    }
  });

  it("a link with forged headers opens nothing: neither a session nor the way past the check for other sites", async () => {
    const stolen = { cookie: `${sessionCookie}=${sessionOf(client).value}` };
    assertProblem(await world.client().fetch(`/auth/me?${headersOf(stolen)}`), 401, "signin_required");
    const ownSite = headersOf({ ...stolen, "sec-fetch-site": "same-origin" });
    const foreign = { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" } };
    assertProblem(await client.fetch(`/api/graph/me?${ownSite}`, foreign), 403, "cross_site_request");
  });

  it("a link with forged headers signs nobody in as the attacker whose cookies it has", async () => {
    const attacker = world.client();
    const { pathname, search } = await untilCallback(attacker, "bruno@contoso.example");
    const { name, value } = transactionCookie(attacker);
    const victim = world.client();
    const answer = await victim.fetch(`${pathname}${search}&${headersOf({ cookie: `${name}=${value}` })}`);
    assertProblem(answer, 400, "signin_unknown");
    assert.equal(victim.cookies("localhost").has(sessionCookie), false);
  });

  it("an error is a named problem at once, and says whose request it was", async () => {
    const started = performance.now();
    const answer = await client.fetch("/api/unknown/me");
    assertProblem(answer, 404, "api_unknown");
    assert.ok(performance.now() - started < 5_000);
  });

  it("a body in chunks reaches the API", async () => {
    const answer = await fetch(`${world.instances[0]?.url}/api/graph/echo`, {
      method: "POST",
      headers: { cookie: `${sessionCookie}=${sessionOf(client).value}`, origin: world.publicBaseUrl },
      body: new Blob(["in chunks"]).stream(),
      duplex: "half",
    });
    assert.match(await answer.text(), /in chunks/);
  });
});
