import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Fault } from "@entra-functions-bff/identity-provider";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { beginSignIn, passProvider } from "../support/sign-in-steps.ts";
import { accountDocument, dumpStore, startFresh } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const garbage: Fault = { type: "garbage" };
const json = (body: unknown, status = 200): Fault => ({ type: "status", status, body });

/** What the token endpoint may do instead of answering. */
const troubles: Readonly<Record<string, Fault>> = {
  "drops the connection": { type: "reset" },
  "answers 500": json({ error: "server_error" }, 500),
  "answers 503": json({ error: "temporarily_unavailable" }, 503),
  "answers 429": json({ error: "temporarily_unavailable" }, 429),
  "answers what is not JSON": garbage,
  "answers 400 with a page": { type: "status", status: 400, body: "<html>Bad gateway</html>" },
  "answers JSON that is no object": json('"busy"'),
  "answers an empty object": json({}),
  "answers null": json(null),
  "answers an error that is a passing one": json({ error: "temporarily_unavailable" }, 400),
};

const asksForPause = (status: number): Fault => ({
  type: "status",
  status,
  body: { error: "temporarily_unavailable" },
  headers: { "retry-after": "30" },
});

function assertTold(answer: Answer): void {
  assertProblem(answer, 503, "identity_provider_unavailable");
  const seconds = Number(answer.headers["retry-after"]);
  assert.ok(seconds > 15 && seconds <= 30, String(seconds));
}

describe("an access token that has expired", () => {
  let world: World;
  let client: Client;
  const refreshes = () => world.identityProvider.controls.requests.count({ grantType: "refresh_token" });
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    client = world.client();
    await signIn(client, ada, "/healthz");
    world.identityProvider.controls.requests.clear();
  });

  it("is renewed without the person noticing", async () => {
    const cookie = sessionOf(client).value;
    for (let call = 1; call <= 2; call++) {
      const answer = await client.fetch("/api/graph/me");
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["set-cookie"], undefined);
      assert.equal(refreshes(), call);
    }
    assert.equal(sessionOf(client).value, cookie);
    assert.ok(world.log().includes('"event":"token_renewed"'));
  });

  it("is renewed once and then used until it expires again", async () => {
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
    for (let call = 0; call < 3; call++) assert.equal((await client.fetch("/api/graph/me")).status, 200);
    assert.equal(refreshes(), 1);
  });

  it("is renewed with each successor where refresh tokens work once", async () => {
    world.identityProvider.controls.rotateRefreshTokens = true;
    try {
      for (let call = 0; call < 3; call++) assert.equal((await client.fetch("/api/graph/me")).status, 200);
    } finally {
      world.identityProvider.controls.rotateRefreshTokens = false;
    }
  });

  for (const [what, why] of [
    ["was revoked, or the password changed (AADSTS50173)", "revoked"],
    ["is of an account that was disabled (AADSTS50057)", "disabled"],
    ["has not been used for too long (AADSTS700082)", "inactive"],
  ] as const) {
    it(`ends the session when the refresh token ${what}, and signing in again works`, async () => {
      const { accountKey, value } = sessionOf(client);
      world.identityProvider.controls.revokeRefreshTokens(undefined, why);
      const answer = await client.fetch("/api/graph/me");
      assertProblem(answer, 401, "signin_required");
      assert.ok(clearsSession(answer));
      // One look at the store for something newer is enough, and no other token request.
      assert.equal(refreshes(), 1);
      assert.equal(await accountDocument(world, accountKey), undefined);
      const holder = world.client();
      holder.setCookie("localhost", sessionCookie, value);
      assertProblem(await holder.fetch("/auth/me"), 401, "signin_required");
      await signIn(client, ada, "/healthz");
      assert.equal((await client.fetch("/api/graph/me")).status, 200);
    });
  }

  it("ends the session, and blames no store, when the token endpoint takes 4 s to refuse it without a reason", async () => {
    world.identityProvider.controls.failNext("token", { type: "delay", ms: 4_000 });
    world.identityProvider.controls.failNext("token", json({ error: "invalid_grant" }, 400), 1, { when: "after" });
    const answer = await client.fetch("/api/graph/me");
    assertProblem(answer, 401, "signin_required");
    assert.ok(clearsSession(answer));
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("ends only the session whose refresh token is dead", async () => {
    const { accountKey } = sessionOf(client);
    world.identityProvider.controls.revokeRefreshTokens();
    const other = world.client();
    await signIn(other, ada, "/healthz");
    assertProblem(await client.fetch("/api/graph/me"), 401, "signin_required");
    assert.equal((await other.fetch("/api/graph/me")).status, 200);
    const document = await accountDocument(world, accountKey);
    assert.equal(Object.keys(document?.sessions ?? {}).length, 1);
  });

  it("stays unrenewed but keeps the session when the person must do more, and says with which claims", async () => {
    const person = world.identityProvider.people.find(({ preferredUsername }) => preferredUsername === ada);
    assert.ok(person);
    const claims = JSON.stringify({ access_token: { acrs: { essential: true, value: "c1" } } });
    world.identityProvider.controls.claimsChallenge(person, claims);
    const answer = await client.fetch("/api/graph/me");
    assertProblem(answer, 401, "signin_required");
    assert.equal(answer.json()["claims"], claims);
    assert.ok(!clearsSession(answer));
    assert.equal((await client.fetch("/auth/me")).status, 200);
    const query = new URLSearchParams({ claims, loginHint: ada, returnUrl: "/healthz" });
    assert.equal((await client.navigate(`/auth/login?${query.toString()}`)).status, 200);
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });

  for (const part of ["everything", "client_info"] as const) {
    it(`is not taken from another account's answer (${part}): nothing of it is stored, and the session ends`, async () => {
      const bruno = world.identityProvider.people.find(({ preferredUsername }) =>
        preferredUsername.startsWith("bruno"),
      );
      assert.ok(bruno);
      const { accountKey } = sessionOf(client);
      world.identityProvider.controls.mistakeNextFor(bruno, part);
      const answer = await client.fetch("/api/graph/me");
      assertProblem(answer, 401, "signin_required");
      assert.ok(clearsSession(answer));
      assert.equal(await accountDocument(world, accountKey), undefined);
      assert.ok(!answer.body.includes("Castellano"));
      await signIn(client, ada, "/healthz");
      assert.equal((await client.fetch("/api/graph/me")).json()["displayName"], "Ada Lindqvist");
    });
  }

  it("is not begun by a sign-in whose answer files the tokens under another account", async () => {
    const bruno = world.identityProvider.people.find(({ preferredUsername }) => preferredUsername.startsWith("bruno"));
    assert.ok(bruno);
    const arriving = world.client();
    const callback = await passProvider(arriving, (await beginSignIn(arriving, ada)).location);
    const stored = await dumpStore(world);
    world.identityProvider.controls.mistakeNextFor(bruno, "client_info");
    assertProblem(await arriving.fetch(callback.href), 400, "signin_invalid");
    assert.deepEqual(await dumpStore(world), stored);
  });

  it("is renewed for a guest as for a member, whose account at home is another", async () => {
    const guest = world.client();
    await signIn(guest, "mika@fabrikam.example", "/healthz");
    for (let call = 1; call <= 2; call++) assert.equal((await guest.fetch("/api/graph/me")).status, 200);
  });

  for (const [trouble, fault] of Object.entries(troubles)) {
    it(`waits for better times when the token endpoint ${trouble}`, async () => {
      const stored = await dumpStore(world);
      world.identityProvider.controls.failNext("token", fault);
      const answer = await client.fetch("/api/graph/me");
      assertProblem(answer, 503, "identity_provider_unavailable");
      assert.ok(Number(answer.headers["retry-after"]) > 0);
      assert.ok(!clearsSession(answer));
      assert.deepEqual(await dumpStore(world), stored);
      assert.equal((await client.fetch("/api/graph/me")).status, 200);
    });
  }

  describe("while the token endpoint has asked for a pause", () => {
    let instance: number;
    beforeEach(async () => {
      await world.startInstance();
      instance = world.instances.length - 1;
      world.identityProvider.controls.clearFaults();
    });

    it("for an account, its calls are told the time that is left, and one token request is made", async () => {
      const [here, other] = [world.client(instance), world.client(instance)];
      await signIn(here, ada, "/healthz");
      await signIn(other, "zoe@contoso.example", "/healthz");
      world.identityProvider.controls.requests.clear();
      world.identityProvider.controls.failNext("token", asksForPause(429), 100, { grantType: "refresh_token" });
      for (let call = 0; call < 5; call++) assertTold(await here.fetch("/api/graph/me"));
      assert.equal(refreshes(), 1);
      world.identityProvider.controls.clearFaults();
      assert.equal((await other.fetch("/api/graph/me")).status, 200);
      assert.equal((await here.fetch("/auth/me")).status, 200);
    });

    it("as a whole, nobody asks, neither to renew nor to sign in", async () => {
      const here = world.client(instance);
      await signIn(here, ada, "/healthz");
      const arriving = world.client(instance);
      const callback = await passProvider(arriving, (await beginSignIn(arriving, ada)).location);
      world.identityProvider.controls.requests.clear();
      world.identityProvider.controls.failNext("token", asksForPause(503), 100);
      for (let call = 0; call < 3; call++) assertTold(await here.fetch("/api/graph/me"));
      assertTold(await arriving.fetch(callback.href));
      assert.equal(world.identityProvider.controls.requests.count({ endpoint: "token" }), 1);
      world.identityProvider.controls.clearFaults();
    });

    it("an API's own 429 is the API's answer", async () => {
      const here = world.client(instance);
      await signIn(here, ada, "/healthz");
      world.downstreamApi.controls.failNext({ type: "status", status: 429, headers: { "retry-after": "41" } });
      const answer = await here.fetch("/api/graph/me");
      assert.deepEqual([answer.status, answer.headers["retry-after"]], [429, "41"]);
    });
  });

  it("is the operator's business when the app's own secret has expired", async () => {
    const description = "AADSTS7000222: The provided client secret keys for app are expired.";
    const refusal = json({ error: "invalid_client", error_description: description, error_codes: [7000222] }, 401);
    world.identityProvider.controls.failNext("token", refusal);
    const answer = await client.fetch("/api/graph/me");
    assertProblem(answer, 502, "app_refused");
    assert.ok(!answer.body.includes("AADSTS"));
    assert.ok(!clearsSession(answer));
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });
});
