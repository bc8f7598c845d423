import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  administratorSettings,
  assertNoDocument,
  assertOnlySessions,
  assertUseless,
  callApi,
  holdStore,
  loseAnswer,
  signOutInTab,
  startWithShortTokens,
  waysOut,
} from "../support/race.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/**
 * A request may use what it has read for its one call. Asking the store again before each call would only make the gap
 * smaller.
 */
describe("requests that are under way when the account is deleted", () => {
  let world: World;
  let client: Client;
  let old: { value: string; accountKey: string };
  before(async () => {
    world = await startWorld({ instances: 2, environment: administratorSettings });
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());

  async function signInWithTokensFor(seconds: number): Promise<void> {
    await startWithShortTokens(world);
    world.identityProvider.controls.accessTokenLifetimeSeconds = seconds;
    client = world.client();
    await signIn(client, ada, "/healthz");
    old = sessionOf(client);
  }

  /*
   * What a request has read, it may use for its one call: asking the store again before each call would cost every
   * call a second read, and leave the same gap, only smaller.
   */
  it("reads a token that is good | delete | calls the API: that one call is answered, none after it", async (test) => {
    await signInWithTokensFor(3600);
    const read = holdStore(test, world, { kind: "read", when: "after" });
    const call = callApi(client);
    await read.reached();
    await signOutInTab(world, client);
    read.release();
    assert.equal((await call).status, 200);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  /*
   * The same, with a token that was renewed for both: the second has read what the first renewed from, and asks for no
   * token of its own. Neither the store nor the token endpoint would tell it more than its reading did.
   */
  it("both read | first renews, writes | delete | second shares what the first renewed: that one call is answered, none after it", async (test) => {
    await signInWithTokensFor(60);
    const { requests } = world.identityProvider.controls;
    requests.clear();
    const reads = holdStore(test, world, { kind: "read", when: "after", times: 2 });
    const first = callApi(client);
    await reads.reached(1);
    const second = callApi(client);
    await reads.reached(2);
    reads.release();
    assert.equal((await first).status, 200);
    await signOutInTab(world, client);
    reads.release();
    assert.equal((await second).status, 200);
    assert.equal(requests.count({ endpoint: "token" }), 1);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  /**
   * A document is deleted, the answer is lost, a new sign-in creates a document, and the delete is repeated. With each
   * way to sign out:
   */
  describe("a sign-out that is repeated", () => {
    beforeEach(() => signInWithTokensFor(3600));

    for (const { name, signOut } of waysOut) {
      it(`signed out ${name}, the answer lost | new sign-in | deleted again: the new sign-in stays`, async (test) => {
        const deleted = loseAnswer(test, world, { kind: "delete" });
        const leaving = signOut(world, client);
        await deleted.reached();
        // Of one instance, so that there is no doubt which was later.
        const arriving = world.client(1);
        await signIn(arriving, ada, "/healthz");
        deleted.cut();
        await leaving;
        await assertUseless(world, old.value);
        await assertOnlySessions(world, [arriving]);
      });
    }
  });
});
