import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  assertNoDocument,
  assertOnlySessions,
  assertSignInRequired,
  assertUseless,
  assertWorks,
  callApi,
  holdStore,
  holdTokens,
  login,
  loseAnswer,
  signOutBySid,
  startWithShortTokens,
  tabOf,
} from "../support/race.ts";
import { accountDocument, dumpStore } from "../support/store.ts";
import { ownForm, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/** Tabs of a browser that is signed in at the identity provider, and not here: their sign-ins will share a `sid`. */
async function tabsAtProvider(world: World, count: number): Promise<Client[]> {
  const browser = world.client();
  await signIn(browser, ada, "/healthz");
  const { accountKey } = sessionOf(browser);
  browser.setCookie("localhost", sessionCookie, "");
  const dump = await dumpStore(world);
  await world.accounts.item(accountKey, accountKey).delete();
  for (const id of Object.keys(dump.sids)) await world.sids.item(id, id).delete();
  return Array.from({ length: count }, (_, index) => tabOf(world, browser, index % world.instances.length));
}

/**
 * Two sign-ins of one account at the same time both create, or both replace. Guard: after 409 or 412, the app decides
 * again on what the other has left.
 */
describe("sign-ins of one account at once, on two instances", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 2 });
  });
  after(() => world.stop());
  beforeEach(() => startWithShortTokens(world));

  it("two browsers both read nothing | both create: both are signed in", async (test) => {
    const creates = holdStore(test, world, { kind: "create", when: "before", times: 2 });
    const browsers = [world.client(0), world.client(1)];
    const arrivals = browsers.map(login);
    await creates.reached(2);
    creates.release();
    creates.release();
    for (const { status } of await Promise.all(arrivals)) assert.equal(status, 200);
    await assertOnlySessions(world, browsers);
  });

  it("two browsers both read the document | both replace it: all three are signed in", async (test) => {
    const earlier = world.client();
    await signIn(earlier, ada, "/healthz");
    const replaces = holdStore(test, world, { kind: "replace", when: "before", times: 2 });
    const browsers = [world.client(0), world.client(1)];
    const arrivals = browsers.map(login);
    await replaces.reached(2);
    replaces.release();
    replaces.release();
    for (const { status } of await Promise.all(arrivals)) assert.equal(status, 200);
    await assertOnlySessions(world, [earlier, ...browsers]);
  });

  it("two tabs under one sid both create | both claim the sid: one sign-out for the sid ends both", async (test) => {
    const tabs = await tabsAtProvider(world, 2);
    const creates = holdStore(test, world, { kind: "create", when: "before", times: 2 });
    const claims = holdStore(test, world, { kind: "create", container: "sids", when: "before", times: 2 });
    const arrivals = tabs.map(login);
    await creates.reached(2);
    creates.release();
    creates.release();
    await claims.reached(2);
    claims.release();
    claims.release();
    for (const { status } of await Promise.all(arrivals)) assert.equal(status, 200);
    const cookies = tabs.map((tab) => sessionOf(tab));
    // Whichever answer comes last is the cookie that the browser keeps.
    for (const tab of tabs) await assertWorks(tab);
    await signOutBySid(world);
    for (const { value, accountKey } of cookies) {
      await assertUseless(world, value);
      await assertNoDocument(world, accountKey);
    }
  });

  it("two tabs under one sid, the first one's claim lost on the way | both claim: one sign-out ends both", async (test) => {
    const tabs = await tabsAtProvider(world, 2);
    const [first, second] = tabs;
    assert.ok(first && second);
    const claimed = loseAnswer(test, world, { kind: "create", container: "sids" });
    const arrival = login(first);
    await claimed.reached();
    await login(second);
    claimed.cut();
    assert.equal((await arrival).status, 200);
    for (const tab of tabs) await assertWorks(tab);
    await signOutBySid(world);
    for (const tab of tabs) await assertUseless(world, sessionOf(tab).value);
  });

  it("a browser that is signed in signs in again in two tabs: its earlier session ends, both new ones hold", async (test) => {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    const old = sessionOf(browser);
    const replaces = holdStore(test, world, { kind: "replace", when: "before", times: 2 });
    const tabs = [tabOf(world, browser, 0), tabOf(world, browser, 1)];
    const arrivals = tabs.map(login);
    await replaces.reached(2);
    replaces.release();
    replaces.release();
    for (const { status } of await Promise.all(arrivals)) assert.equal(status, 200);
    await assertUseless(world, old.value);
    await assertOnlySessions(world, tabs);
  });
});

/**
 * A sign-in over the limit ends (evicts) the oldest session, whose renewal is the late writer. Guard: the app decides a
 * change on the current document, and does not write back a session that is gone.
 */
describe("the limit of sessions for an account", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 2, environment: { Session__MaxPerAccount: "2" } });
  });
  after(() => world.stop());
  beforeEach(() => startWithShortTokens(world));

  async function signInTwoMore(): Promise<Client[]> {
    const browsers = [world.client(1), world.client(1)];
    for (const browser of browsers) await signIn(browser, ada, "/healthz");
    return browsers;
  }

  it("oldest session's renewal at the token endpoint | evicted | writes: 401, it stays evicted", async (test) => {
    const oldest = world.client();
    await signIn(oldest, ada, "/healthz");
    const { value } = sessionOf(oldest);
    // The sign-ins redeem codes at the same endpoint.
    const token = holdTokens(test, world, "refresh_token");
    const call = callApi(oldest);
    await token.reached();
    const others = await signInTwoMore();
    token.release();
    assertSignInRequired(await call);
    await assertUseless(world, value);
    await assertOnlySessions(world, others);
  });

  it("oldest session's renewal about to write | evicted | writes: 401, it stays evicted", async (test) => {
    const [oldest, second] = [world.client(), world.client()];
    await signIn(oldest, ada, "/healthz");
    await signIn(second, ada, "/healthz");
    const { value } = sessionOf(oldest);
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const call = callApi(oldest);
    await write.reached();
    const third = world.client(1);
    await signIn(third, ada, "/healthz");
    write.release();
    assertSignInRequired(await call);
    await assertUseless(world, value);
    await assertOnlySessions(world, [second, third]);
  });

  it("renewal written, its answer lost | evicted | writes again: 401, it stays evicted", async (test) => {
    const [oldest, second] = [world.client(), world.client()];
    await signIn(oldest, ada, "/healthz");
    await signIn(second, ada, "/healthz");
    const { value } = sessionOf(oldest);
    const written = loseAnswer(test, world, { kind: "replace" });
    const call = callApi(oldest);
    await written.reached();
    const third = world.client(1);
    await signIn(third, ada, "/healthz");
    written.cut();
    assertSignInRequired(await call);
    await assertUseless(world, value);
    await assertOnlySessions(world, [second, third]);
  });
});

for (const scope of ["account", "session"] as const) {
  /** Both browsers sign out at the same time, with each value of `SignOut__Scope`: */
  describe(`sign-out in both browsers at once, SignOut__Scope=${scope}`, () => {
    let world: World;
    before(async () => {
      world = await startWorld({ instances: 2, environment: { SignOut__Scope: scope } });
    });
    after(() => world.stop());
    beforeEach(() => startWithShortTokens(world));

    for (const point of ["read", "write"] as const) {
      it(`both ${point === "read" ? "read" : "about to write"} | both go on: nothing is left`, async (test) => {
        const browsers = [world.client(0), world.client(1)];
        for (const browser of browsers) await signIn(browser, ada, "/healthz");
        const cookies = browsers.map((browser) => sessionOf(browser));
        const gate = holdStore(test, world, {
          kind: point === "read" ? "read" : ["replace", "delete"],
          when: point === "read" ? "after" : "before",
          times: 2,
        });
        const leaving = browsers.map((browser) => browser.fetch("/auth/logout", ownForm(world.publicBaseUrl)));
        await gate.reached(2);
        gate.release();
        gate.release();
        for (const { status } of await Promise.all(leaving)) assert.equal(status, 303);
        for (const { value, accountKey } of cookies) {
          await assertUseless(world, value);
          await assertNoDocument(world, accountKey);
        }
      });
    }

    it("one browser signs out | the other one's renewal writes: the account's own policy decides", async (test) => {
      const [staying, leaving] = [world.client(0), world.client(1)];
      for (const browser of [staying, leaving]) await signIn(browser, ada, "/healthz");
      const old = sessionOf(leaving);
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const call = callApi(staying);
      await write.reached();
      await leaving.fetch("/auth/logout", ownForm(world.publicBaseUrl));
      write.release();
      const { status } = await call;
      await assertUseless(world, old.value);
      if (scope === "account") {
        assert.equal(status, 401);
        assert.equal(await accountDocument(world, old.accountKey), undefined);
      } else {
        assert.equal(status, 200);
        await assertOnlySessions(world, [staying]);
      }
    });
  });
}
