import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  administratorSettings,
  assertNoDocument,
  assertOnlySessions,
  assertSignInRequired,
  assertUseless,
  callApi,
  holdStore,
  holdTokens,
  loseAnswer,
  signOutInTab,
  startWithShortTokens,
  tabOf,
  waysOut,
  type SignOutWay,
} from "../support/race.ts";
import { rewriteSessions } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/**
 * A call reads the document, renews the token at the token endpoint, and writes; a sign-out on another instance
 * deletes. The late writer is the renewal, or, the other way round, the sign-out: its delete names a version, meets
 * another, and is decided again. Guards: no write brings a document back; the app uses new tokens only after it has
 * stored them.
 */
describe("a renewal that a sign-out on another instance overtakes", () => {
  let world: World;
  let client: Client;
  let old: { value: string; accountKey: string };
  before(async () => {
    world = await startWorld({ instances: 3, environment: administratorSettings });
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());

  beforeEach(async () => {
    await startWithShortTokens(world);
    client = world.client();
    await signIn(client, ada, "/healthz");
    old = sessionOf(client);
    world.downstreamApi.controls.clearRequests();
  });

  async function assertAllGone(): Promise<void> {
    await assertNoDocument(world, old.accountKey);
    await assertUseless(world, old.value);
    assert.equal(world.downstreamApi.requests.length, 0, "An API was called with a token of the signed-out session");
  }

  /** A call is held somewhere, then goes on when the sign-out has been acknowledged. */
  async function overtaken(
    held: { reached(): Promise<void>; release(): void },
    signOut: SignOutWay["signOut"],
  ): Promise<void> {
    const call = callApi(client);
    await held.reached();
    await signOut(world, client);
    held.release();
    assertSignInRequired(await call);
    await assertAllGone();
  }

  for (const { name, signOut } of waysOut) {
    /**
     * Each of these is tried with a sign-out in another tab, at the identity provider by `sid`, by a logout token with
     * a `sid` or a subject, from the list of sessions, by an administrator, and by a service that erases the account:
     */
    describe(`signed out ${name}`, () => {
      it("read | delete | token request, write: 401, and nothing comes back", (test) =>
        overtaken(holdStore(test, world, { kind: "read", when: "after" }), signOut));

      it("read, token request | delete | token response, write: 401, and nothing comes back", (test) =>
        overtaken(holdTokens(test, world), signOut));

      it("read, token response | delete | write: 401, and nothing comes back", (test) =>
        overtaken(holdStore(test, world, { kind: "replace", when: "before" }), signOut));

      it("write, its answer lost | delete | write again: 401, and nothing comes back", (test) => {
        const written = loseAnswer(test, world, { kind: "replace" });
        return overtaken({ reached: () => written.reached(), release: () => written.cut() }, signOut);
      });
    });
  }

  /** The other way round: the sign-out has read, then a call writes. */
  async function overtaking(test: TestContext): Promise<void> {
    const removal = holdStore(test, world, { kind: "delete", when: "before" });
    const leaving = signOutInTab(world, client);
    await removal.reached();
    assert.equal((await callApi(client)).status, 200);
    removal.release();
    await leaving;
    world.downstreamApi.controls.clearRequests();
    await assertAllGone();
  }

  it("sign-out reads | renewal writes | sign-out deletes: gone all the same", (test) => overtaking(test));

  /** Two calls are held, and go on when the sign-out has been acknowledged. */
  async function bothOvertaken(held: { reached(count: number): Promise<void>; release(): void }): Promise<void> {
    const calls = [callApi(client), callApi(tabOf(world, client, 2))];
    await held.reached(2);
    await signOutInTab(world, client);
    held.release();
    held.release();
    for (const answer of await Promise.all(calls)) assertSignInRequired(answer);
    await assertAllGone();
  }

  describe("two renewals of one session on two instances, and a sign-out on a third", () => {
    it("both at the token endpoint | delete | both write: 401 for both", (test) =>
      bothOvertaken(holdTokens(test, world)));

    it("both about to write | delete | both write: 401 for both", (test) =>
      bothOvertaken(holdStore(test, world, { kind: "replace", when: "before", times: 2 })));

    it("first writes | delete | second writes: the second gets 401", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before", times: 2 });
      const first = callApi(client);
      await write.reached(1);
      const second = callApi(tabOf(world, client, 2));
      await write.reached(2);
      write.release();
      assert.equal((await first).status, 200);
      world.downstreamApi.controls.clearRequests();
      await signOutInTab(world, client);
      write.release();
      assertSignInRequired(await second);
      await assertAllGone();
    });

    it("first writes | second's write conflicts, reads again | delete | second writes: 401", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before", times: 3 });
      const first = callApi(client);
      await write.reached(1);
      const second = callApi(tabOf(world, client, 2));
      await write.reached(2);
      write.release();
      assert.equal((await first).status, 200);
      world.downstreamApi.controls.clearRequests();
      write.release();
      await write.reached(3);
      await signOutInTab(world, client);
      write.release();
      assertSignInRequired(await second);
      await assertAllGone();
    });
  });

  /** The document exists again, but the session is not in it: */
  describe("a new sign-in in between", () => {
    it("delete | new sign-in | the old session's renewal writes: it leaves the new sign-in alone in the document", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const call = callApi(client);
      await write.reached();
      await signOutInTab(world, client);
      const other = world.client(2);
      await signIn(other, ada, "/healthz");
      write.release();
      assertSignInRequired(await call);
      await assertUseless(world, old.value);
      await assertOnlySessions(world, [other]);
    });
  });

  /** The extension of the idle timeout is a late writer too. With each way to sign out: */
  describe("the extension of the idle lifetime", () => {
    beforeEach(async () => {
      // A token that needs no renewal, and a session that was last used half an hour ago.
      world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
      await signIn(client, ada, "/healthz");
      old = sessionOf(client);
      const lastSeenAt = new Date(Date.now() - 30 * 60_000).toISOString();
      await rewriteSessions(world, old.accountKey, (session) => ({ ...session, lastSeenAt }));
    });

    for (const { name, signOut } of waysOut) {
      it(`read | signed out ${name} | write: 401, the API is not called, nothing comes back`, async (test) => {
        await overtaken(holdStore(test, world, { kind: "replace", when: "before" }), signOut);
      });
    }

    it("sign-out reads | extension writes | sign-out deletes: gone all the same", (test) => overtaking(test));
  });
});
