import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { dumpStore, type StoreDump } from "../support/store.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

type Headers = Readonly<Record<string, string>>;

describe("a request that another site makes a signed-in browser send", () => {
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

  /** <form method="post" action="https://app.example/auth/logout"> on a page of an attacker. */
  const foreign = (): Readonly<Record<string, Headers>> => ({
    "a form of another site": { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
    "a form of another site, old browser": { origin: "https://evil.example" },
    "a form of a sandboxed frame": { origin: "null", "sec-fetch-site": "cross-site" },
    "a form of another host of the domain": { origin: "https://other.localhost", "sec-fetch-site": "same-site" },
    "a page of the identity provider": { origin: world.identityProvider.publicUrl, "sec-fetch-site": "cross-site" },
    "another port of this machine": { origin: "http://localhost:1", "sec-fetch-site": "same-site" },
    "the same name over another scheme": { origin: world.publicBaseUrl.replace("http:", "https:") },
    "an origin that begins alike": { origin: `${world.publicBaseUrl}.evil.example` },
    "an origin in other letters": { origin: world.publicBaseUrl.toUpperCase() },
    "an own origin that the browser contradicts": { origin: world.publicBaseUrl, "sec-fetch-site": "cross-site" },
    "a foreign origin that claims to be the same": { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
  });
  const silent: Readonly<Record<string, Headers>> = {
    "no word of where it comes from": {},
    "a typed address or a bookmark": { "sec-fetch-site": "none" },
    "an empty origin": { origin: "" },
  };

  const changing = [
    { method: "POST", path: "/auth/logout" },
    { method: "DELETE", path: "/auth/sessions" },
    { method: "POST", path: "/api/graph/echo" },
    { method: "PUT", path: "/api/graph/echo" },
    { method: "PATCH", path: "/api/graph/echo" },
    { method: "DELETE", path: "/api/graph/echo" },
  ];

  for (const { method, path } of changing) {
    it(`${method} ${path} is refused unless it says that it comes from the app's own page`, async () => {
      world.downstreamApi.controls.clearRequests();
      for (const [who, headers] of Object.entries({ ...foreign(), ...silent })) {
        const answer = await client.fetch(path, { method, headers });
        assert.equal(answer.status, 403, who);
        assertProblem(answer, 403, "cross_site_request");
        assert.ok(!clearsSession(answer), who);
      }
      assert.deepEqual(await dumpStore(world), stored);
      assert.equal(world.downstreamApi.requests.length, 0);
    });
  }

  for (const path of ["/auth/me", "/auth/sessions", "/api/graph/me"]) {
    it(`GET ${path} is refused when it says that it comes from elsewhere`, async () => {
      world.downstreamApi.controls.clearRequests();
      for (const headers of Object.values(foreign())) {
        assertProblem(await client.fetch(path, { headers }), 403, "cross_site_request");
      }
      assert.equal(world.downstreamApi.requests.length, 0);
      for (const headers of [{}, { "sec-fetch-site": "none" }, { "sec-fetch-site": "same-origin" }]) {
        assert.equal((await client.fetch(path, { headers })).status, 200);
      }
    });
  }

  it("gets no leave to read or send across origins (CORS)", async () => {
    const headers = { origin: "https://evil.example", "access-control-request-method": "POST" };
    for (const path of ["/auth/me", "/auth/logout", "/api/graph/me"]) {
      const answer = await client.fetch(path, { method: "OPTIONS", headers });
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
      assert.equal(answer.status, 404);
    }
  });

  it("as a link to the sign-out page: it asks, and signs nobody out", async () => {
    const headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", accept: "text/html" };
    const answer = await client.fetch("/auth/logout", { headers });
    assert.match(answer.body, /<form method="post" action="\/auth\/logout/);
    assert.deepEqual(await dumpStore(world), stored);
  });

  it("leaves the person signed in", async () => {
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });
});
