import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { accountDocument, dumpStore, operationsOf, rewriteSessions, startFresh } from "../support/store.ts";
import { ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const idleMinutes = 40;
const absoluteMinutes = 100;
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

const minutesTo = (time: unknown) => Math.round((Date.parse(String(time)) - Date.now()) / 60_000);

describe("how long a session lasts", () => {
  let world: World;
  let client: Client;
  before(async () => {
    const environment = {
      Session__IdleTimeoutMinutes: String(idleMinutes),
      Session__AbsoluteTimeoutMinutes: String(absoluteMinutes),
      Session__MaxPerAccount: "2",
    };
    world = await startWorld({ environment });
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    client = world.client();
    await signIn(client, ada, "/healthz");
  });

  const used = (minutes: number) =>
    rewriteSessions(world, sessionOf(client).accountKey, (session) => ({ ...session, lastSeenAt: ago(minutes) }));
  const opened = (minutes: number) =>
    rewriteSessions(world, sessionOf(client).accountKey, (session) => ({ ...session, createdAt: ago(minutes) }));
  const ask = () => client.fetch("/auth/me");
  const document = () => accountDocument(world, sessionOf(client).accountKey);

  async function expectOver(): Promise<void> {
    const stored = await dumpStore(world);
    for (const path of ["/auth/me", "/api/graph/me", "/auth/me"]) {
      const { value } = sessionOf(client);
      const answer = await client.fetch(path);
      assertProblem(answer, 401, "signin_required");
      assert.ok(clearsSession(answer));
      client.setCookie("localhost", "__Host-session", value);
    }
    assert.deepEqual(await dumpStore(world), stored);
  }

  it("is told with the account", async () => {
    const { session } = (await client.fetch("/auth/me")).json() as { session: Record<string, string> };
    assert.equal(minutesTo(session["idleExpiresAt"]), idleMinutes);
    assert.equal(minutesTo(session["expiresAt"]), absoluteMinutes);
  });

  it("is also the store's to enforce: the document's time to live ends with its last session", async () => {
    // The store's clock is known to a second or two, and some pass until it is asked.
    const ttl = (await document())?.ttl ?? 0;
    assert.ok(Math.abs(ttl - idleMinutes * 60) <= 30, `${ttl} s`);
  });

  it("ends when it has not been used for the idle time", async () => {
    await used(idleMinutes - 1);
    assert.equal((await client.fetch("/auth/me")).status, 200);
    await used(idleMinutes);
    await expectOver();
  });

  it("ends when its whole time is over, however much it is used", async () => {
    await rewriteSessions(world, sessionOf(client).accountKey, (session) => ({ ...session, expiresAt: ago(0) }));
    await expectOver();
  });

  it("is not kept past its whole time by the idle time", async () => {
    const expiresAt = ago(-5);
    await rewriteSessions(world, sessionOf(client).accountKey, (session) => ({ ...session, expiresAt }));
    const { session } = (await client.fetch("/auth/me")).json() as { session: Record<string, string> };
    assert.equal(session["idleExpiresAt"], expiresAt);
  });

  it("is not extended by a call before a quarter of the idle time has passed", async () => {
    await used(idleMinutes / 4 - 1);
    const stored = await dumpStore(world);
    assert.deepEqual(await operationsOf(world, () => client.fetch("/api/graph/me")), ["read accounts 200"]);
    assert.deepEqual(await dumpStore(world), stored);
  });

  it("is extended by a call after that, with one write", async () => {
    await used(idleMinutes / 4 + 1);
    const expected = ["read accounts 200", "replace accounts 200"];
    assert.deepEqual(await operationsOf(world, () => client.fetch("/api/graph/me")), expected);
    assert.deepEqual(await operationsOf(world, () => client.fetch("/api/graph/me")), expected.slice(0, 1));
    const [session] = Object.values((await document())?.sessions ?? {});
    assert.ok(Math.abs(minutesTo(session?.lastSeenAt)) === 0);
    // The store's clock is known to a second or two, and some pass until it is asked.
    const ttl = (await document())?.ttl ?? 0;
    assert.ok(Math.abs(ttl - idleMinutes * 60) <= 30, `${ttl} s`);
    assert.equal(minutesTo(session?.expiresAt), absoluteMinutes);
  });

  it("is not extended by asking who is signed in, as a page in the background does", async () => {
    await used(idleMinutes - 1);
    assert.deepEqual(await operationsOf(world, () => client.fetch("/auth/me")), ["read accounts 200"]);
  });

  it("is not cut short because its extension could not be stored", async () => {
    await used(idleMinutes / 2);
    world.cosmos.faults.add({ match: { kind: "replace" }, times: 20, fault: { type: "status", status: 503 } });
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    world.cosmos.faults.clear();
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });

  it("ends for the oldest when an account has more than it may: the newer ones stay", async () => {
    const [second, third] = [world.client(), world.client()];
    await signIn(second, ada, "/healthz");
    assert.equal((await client.fetch("/auth/me")).status, 200);
    await signIn(third, ada, "/healthz");
    const answer = await client.fetch("/api/graph/me");
    assertProblem(answer, 401, "signin_required");
    assert.ok(clearsSession(answer));
    for (const newer of [second, third]) assert.equal((await newer.fetch("/api/graph/me")).status, 200);
    const stored = await accountDocument(world, sessionOf(second).accountKey);
    assert.equal(Object.keys(stored?.sessions ?? {}).length, 2);
  });

  it("does not count the sessions that a browser has replaced, or that are over", async () => {
    const second = world.client();
    await signIn(second, ada, "/healthz");
    for (let times = 0; times < 3; times++) await signIn(second, ada, "/healthz");
    assert.equal((await client.fetch("/auth/me")).status, 200);
    await used(idleMinutes + 1);
    await signIn(second, ada, "/healthz");
    assert.equal(Object.keys((await document())?.sessions ?? {}).length, 1);
  });

  describe("after an hour without a renewal", () => {
    let controls: World["identityProvider"]["controls"];
    beforeEach(async () => {
      ({ controls } = world.identityProvider);
      await opened(61);
      controls.requests.clear();
    });

    it("the next question who is signed in renews a token: one request, one write, one read more, and no later idle end", async () => {
      const { lastSeenAt } = Object.values((await document())?.sessions ?? {})[0] ?? assert.fail();
      const expected = ["read accounts 200", "replace accounts 200", "read accounts 200"];
      assert.deepEqual(await operationsOf(world, ask), expected);
      assert.deepEqual(await operationsOf(world, ask), ["read accounts 200"]);
      assert.equal(controls.requests.count({ grantType: "refresh_token" }), 1);
      assert.equal(Object.values((await document())?.sessions ?? {})[0]?.lastSeenAt, lastSeenAt);
    });

    for (const path of ["/auth/me", "/auth/sessions", "/api/graph/me"]) {
      it(`the account was disabled meanwhile: ${path} ends the session, though the access token is good`, async () => {
        controls.revokeRefreshTokens(undefined, "disabled");
        const { length } = world.downstreamApi.requests;
        const answer = await client.fetch(path);
        assertProblem(answer, 401, "signin_required");
        assert.ok(clearsSession(answer));
        assert.deepEqual((await dumpStore(world)).accounts, {});
        assert.equal(world.downstreamApi.requests.length, length);
      });
    }

    it("a sign-out asks nobody, and ending another session neither", async () => {
      controls.revokeRefreshTokens(undefined, "disabled");
      const own = { ...ownForm(world.publicBaseUrl), method: "DELETE" };
      const [id] = Object.keys((await document())?.sessions ?? {});
      assert.equal((await client.fetch(`/auth/sessions/${id}`, own)).status, 204);
      assert.equal(controls.requests.count(), 0);
    });

    it("the identity provider does not answer: the session serves, for an hour more and no longer", async () => {
      controls.failNext("token", { type: "status", status: 503, body: {} }, 100);
      assert.equal((await ask()).status, 200);
      await opened(121);
      const answer = await ask();
      assertProblem(answer, 503, "identity_provider_unavailable");
      assert.ok(!clearsSession(answer));
      controls.clearFaults();
      assert.equal((await ask()).status, 200);
    });
  });
});
