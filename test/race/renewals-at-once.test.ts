import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { startDownstreamApi, type DownstreamApi } from "@entra-functions-bff/development/downstream-api";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  assertNoDocument,
  assertSignInRequired,
  assertUseless,
  assertWorks,
  callApi,
  holdStore,
  holdTokens,
  startWithShortTokens,
  tabOf,
} from "../support/race.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const callExpenses = (client: Client) => client.fetch("/api/expenses/me");
const refreshes = { endpoint: "token", grantType: "refresh_token" } as const;

/**
 * Many calls come with an expired token. Within an instance, one token request serves all calls that read the same
 * version (`shared/core/waiting.ts`). Across instances, the document has no lease, because a lease would cost each
 * renewal a second write and make callers wait for an instance that may have died.
 */
describe("many calls at once with an expired access token", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 4 });
  });
  after(() => world.stop());

  for (const instances of [1, 4]) {
    it(`fifty calls at ${instances} instance(s): at most one token request for each, one write for each`, async (test) => {
      await startWithShortTokens(world);
      const client = world.client();
      await signIn(client, ada, "/healthz");
      // What the renewal brings is good for an hour, for those that come later.
      const { controls } = world.identityProvider;
      controls.accessTokenLifetimeSeconds = 3600;
      controls.requests.clear();
      world.cosmos.operations.clear();
      const calls = 50;
      const reads = holdStore(test, world, { kind: "read", when: "after", times: calls });
      const answers = Array.from({ length: calls }, (_, call) => callApi(tabOf(world, client, call % instances)));
      await reads.reached(calls);
      reads.releaseAll();
      for (const { status, body } of await Promise.all(answers)) assert.equal(status, 200, body);
      const renewals = controls.requests.count({ endpoint: "token" });
      assert.ok(renewals <= instances, `${renewals} token requests`);
      const written = world.cosmos.operations.count({ kind: ["create", "replace"], status: 200 });
      assert.ok(written <= instances, `${written} writes`);
    });
  }
});

/** If two instances renew at the same moment, both request tokens; the second write meets 412 and merges both results. */
describe("two instances that renew different things of one session at once", () => {
  let world: World;
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
    const environment = {
      DownstreamApis__expenses__BaseUrl: `${expenses.url}/v1.0`,
      DownstreamApis__expenses__Scopes: "api://expenses/Reports.Read",
    };
    await world.startInstance(environment);
    await world.startInstance(environment);
  });
  after(async () => {
    await world.stop();
    await expenses.stop();
  });
  beforeEach(() => startWithShortTokens(world));

  /** Two tabs of a browser that has tokens for both APIs, about to expire. What is renewed from now on holds an hour. */
  async function twoTabs(): Promise<[Client, Client]> {
    const client = world.client(1);
    await signIn(client, ada, "/healthz");
    assert.equal((await callExpenses(client)).status, 200);
    const { controls } = world.identityProvider;
    controls.accessTokenLifetimeSeconds = 3600;
    controls.requests.clear();
    return [client, tabOf(world, client, 2)];
  }

  const apis = { graph: callApi, expenses: callExpenses };
  for (const [first, second] of [
    ["graph", "expenses"],
    ["expenses", "graph"],
  ] as const) {
    it(`both read | both renew | ${first} written | ${second} written: both new tokens are kept`, async (test) => {
      const [here, there] = await twoTabs();
      const write = holdStore(test, world, { kind: "replace", when: "before", times: 2 });
      const earlier = apis[first](here);
      await write.reached(1);
      const later = apis[second](there);
      await write.reached(2);
      write.release();
      assert.equal((await earlier).status, 200);
      write.release();
      assert.equal((await later).status, 200);
      assert.equal(world.identityProvider.controls.requests.count(refreshes), 2);
      for (const tab of [here, there]) {
        assert.equal((await callApi(tab)).status, 200);
        assert.equal((await callExpenses(tab)).status, 200);
      }
      assert.equal(world.identityProvider.controls.requests.count(refreshes), 2, "A renewed token was lost");
    });
  }

  it("the same with refresh tokens that work once: nobody is signed out, later renewals work", async (test) => {
    const [here, there] = await twoTabs();
    world.identityProvider.controls.rotateRefreshTokens = true;
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    const reads = holdStore(test, world, { kind: "read", when: "after", times: 2 });
    const calls = [callApi(here), callExpenses(there)];
    await reads.reached(2);
    reads.releaseAll();
    for (const { status, body } of await Promise.all(calls)) assert.equal(status, 200, body);
    for (const call of [callApi, callExpenses]) {
      assert.equal((await call(here)).status, 200);
      assert.equal((await call(there)).status, 200);
    }
  });
});

/**
 * If refresh tokens work only once, the second request is refused. Guard: a refusal counts only if the store holds
 * nothing newer. The app checks this for six seconds, which is enough for the first to write three times. Entra's
 * refresh tokens work more than once, and its refusals give the reason: if the account is disabled or its sessions were
 * revoked, one check is enough.
 */
describe("two instances that renew at once at a provider whose refresh tokens work once", () => {
  let world: World;
  let client: Client;
  let tab: Client;
  before(async () => {
    world = await startWorld({ instances: 2 });
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startWithShortTokens(world);
    world.identityProvider.controls.rotateRefreshTokens = true;
    client = world.client();
    await signIn(client, ada, "/healthz");
    tab = tabOf(world, client, 1);
    world.identityProvider.controls.requests.clear();
  });

  /** Each call renews: the refresh token that is stored is the one that works. */
  async function assertLaterRenewalsWork(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await assertWorks(client);
      await assertWorks(tab);
    }
  }

  it("both at the token endpoint | first answered, stored | second refused: both get their answer", async (test) => {
    const token = holdTokens(test, world);
    const calls = [callApi(client), callApi(tab)];
    await token.reached(2);
    token.release();
    for (const { status, body } of await Promise.all(calls)) assert.equal(status, 200, body);
    await assertLaterRenewalsWork();
  });

  it("first answered | second refused, finds nothing newer stored | first stored | second goes on: nobody is signed out", async (test) => {
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const first = callApi(client);
    await write.reached();
    const refused = holdStore(test, world, { kind: "read", when: "after", times: 2 });
    const second = callApi(tab);
    // Its own first reading, and the one after the refusal, which still finds the refresh token that was refused.
    await refused.reached(1);
    refused.release();
    await refused.reached(2);
    // Whatever it does about that comes too early.
    const next = holdStore(test, world, { kind: ["read", "replace", "delete"], when: "before" });
    refused.release();
    await next.reached();
    write.release();
    const { status, body } = await first;
    assert.equal(status, 200, body);
    next.release();
    assert.equal((await second).status, 200);
    await assertLaterRenewalsWork();
  });

  it("first answered | second refused, finds nothing newer stored, goes on | first stored: nobody is signed out", async (test) => {
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const first = callApi(client);
    await write.reached();
    const second = callApi(tab);
    // The first reading of the second caller, the one after the refusal, and what it does next.
    const steps = holdStore(test, world, { kind: ["read", "replace", "delete"], when: "after", times: 3 });
    for (let step = 1; step <= 3; step++) {
      await steps.reached(step);
      steps.release();
    }
    write.release();
    const { status, body } = await first;
    assert.equal(status, 200, body);
    assert.equal((await second).status, 200);
    await assertLaterRenewalsWork();
  });

  it("first answered | second refused for good, about to end the session | first stored | second ends it: both go on", async (test) => {
    const { controls } = world.identityProvider;
    controls.accessTokenLifetimeSeconds = 3600;
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const first = callApi(client);
    await write.reached();
    controls.revokeRefreshTokens(undefined, "revoked");
    const removal = holdStore(test, world, { kind: "delete", when: "before" });
    const second = callApi(tab);
    await removal.reached();
    write.release();
    assert.equal((await first).status, 200);
    removal.release();
    assert.equal((await second).status, 200);
    await assertWorks(client);
  });

  it("first answered, its write is silent | second refused, looks for the write | first writes again: nobody is signed out", async () => {
    const fault = { type: "hang" } as const;
    const silent = world.cosmos.faults.add({ match: { kind: "replace", container: "accounts" }, times: 1, fault });
    const first = callApi(client);
    await silent.reached(1);
    const second = callApi(tab);
    for (const { status, body } of await Promise.all([first, second])) assert.equal(status, 200, body);
    await assertLaterRenewalsWork();
  });

  it("eight calls at each instance, three times over: nobody is signed out", async () => {
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 16 }, (_, call) => callApi(call % 2 === 0 ? client : tab));
      for (const { status, body } of await Promise.all(calls)) assert.equal(status, 200, body);
    }
    await assertLaterRenewalsWork();
  });

  it("a refresh token that was revoked ends the session all the same", async () => {
    const { value, accountKey } = sessionOf(client);
    world.identityProvider.controls.revokeRefreshTokens();
    for (const answer of await Promise.all([callApi(client), callApi(tab)])) assertSignInRequired(answer);
    // The answers take the cookie away, which proves nothing.
    await assertUseless(world, value);
    await assertNoDocument(world, accountKey);
  });
});
