import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import { letDoubtPass } from "../support/clocks.ts";
import type { Answer, Client } from "../support/http-client.ts";
import {
  ada,
  assertNoDocument,
  assertOnlySessions,
  assertSignInRequired,
  assertUseless,
  callApi,
  holdStore,
  holdTokens,
  login,
  loseAnswer,
  signOutBySid,
  startWithShortTokens,
  tabOf,
  type HeldRequests,
} from "../support/race.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { dumpStore } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/** Where the callback stands when the identity provider signs its `sid` out. */
const beforeItsAnswer: readonly { readonly name: string; readonly held: HeldRequests }[] = [
  {
    name: "about to write the document | front-channel | writes",
    held: { kind: ["create", "replace"], container: "accounts", when: "before" },
  },
  {
    name: "document written | front-channel | claims the sid",
    held: { kind: ["create", "replace"], container: "accounts", when: "after" },
  },
  {
    name: "about to claim the sid | front-channel | claims it",
    held: { kind: ["create", "replace"], container: "sids", when: "before" },
  },
];

/** Only where the browser has had a session of the account. */
const readsFirst: typeof beforeItsAnswer = [
  {
    name: "reads the document, has read the sid | front-channel | goes on",
    held: { kind: "read", container: "accounts", when: "after" },
  },
  {
    name: "reads the sid | front-channel | goes on",
    held: { kind: "read", container: "sids", when: "after" },
  },
];

function assertRefused(answer: Answer, client: Client): void {
  assert.equal(answer.status, 403, answer.body);
  assert.ok(answer.body.includes("signed out"), answer.body);
  assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
}

/**
 * The identity provider signs a `sid` out while its sign-in is still in the callback: there may be no document and no
 * index entry yet. The late writer is the callback. Guard: the sign-out leaves a mark first; the callback writes its
 * session first and claims the `sid` last, so that one of the two finds the other. The callback is held before or after
 * each of its reads and writes:
 */
describe("a front-channel sign-out, on another instance, for a sid whose sign-in is still in the callback", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 2 });
  });
  after(() => world.stop());
  beforeEach(() => startWithShortTokens(world));

  async function overtaken(test: TestContext, client: Client, held: HeldRequests): Promise<Answer> {
    // The gate must not meet the front-channel sign-out itself: it takes one request only.
    const gate = holdStore(test, world, held);
    const arrival = login(client);
    await gate.reached();
    await signOutBySid(world);
    gate.release();
    return arrival;
  }

  for (const { name, held } of beforeItsAnswer) {
    it(`first sign-in, callback ${name}: refused, and no document stays`, async (test) => {
      const client = world.client();
      assertRefused(await overtaken(test, client, held), client);
      assert.deepEqual((await dumpStore(world)).accounts, {});
    });

    it(`another browser's sign-in, callback ${name}: refused, and the account's other session stays`, async (test) => {
      const signedIn = world.client();
      await signIn(signedIn, ada, "/healthz");
      const client = world.client();
      assertRefused(await overtaken(test, client, held), client);
      await assertOnlySessions(world, [signedIn]);
    });
  }

  for (const { name, held } of [...readsFirst, ...beforeItsAnswer]) {
    it(`second sign-in under the sid, callback ${name}: refused, and the first session is gone`, async (test) => {
      const client = world.client();
      await signIn(client, ada, "/healthz");
      const old = sessionOf(client);
      const tab = tabOf(world, client, 0);
      assert.equal((await overtaken(test, tab, held)).status, 403);
      await assertUseless(world, old.value);
      await assertNoDocument(world, old.accountKey);
    });
  }

  it("document written, its answer lost | front-channel | writes again, claims the sid: refused, no document stays", async (test) => {
    const written = loseAnswer(test, world, { kind: "create" });
    const client = world.client();
    const arrival = login(client);
    await written.reached();
    await signOutBySid(world);
    written.cut();
    assertRefused(await arrival, client);
    assert.deepEqual((await dumpStore(world)).accounts, {});
  });

  it("sid claimed | front-channel | callback answers: the cookie that arrives opens nothing", async (test) => {
    const claimed = holdStore(test, world, { kind: "create", container: "sids", when: "after" });
    const client = world.client();
    const arrival = login(client);
    await claimed.reached();
    await signOutBySid(world);
    claimed.release();
    assert.equal((await arrival).status, 200);
    const { value, accountKey } = sessionOf(client);
    await assertUseless(world, value);
    await assertNoDocument(world, accountKey);
  });

  it("front-channel marks the sid | a sign-in begun since completes | front-channel reads the account: no document stays", async (test) => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const old = sessionOf(client);
    const marked = holdStore(test, world, { kind: "replace", container: "sids", when: "after" });
    const leaving = frontChannel(world.client(1), `sid=${sidOf(world, ada)}`);
    await marked.reached();
    await login(tabOf(world, client, 0));
    marked.release();
    assert.equal((await leaving).status, 200);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  });

  it("code issued | front-channel | code redeemed: refused, and no document stays", async (test) => {
    const browser = world.client();
    await signIn(browser, ada, "/healthz");
    const tab = tabOf(world, browser, 0);
    const token = holdTokens(test, world);
    const arrival = login(tab);
    await token.reached();
    await signOutBySid(world);
    token.release();
    assert.equal((await arrival).status, 403);
    assertSignInRequired(await callApi(browser));
    assert.deepEqual((await dumpStore(world)).accounts, {});
  });

  /**
   * The person stays signed in at the identity provider, so the `sid` remains in use. A mark counts only for sign-ins
   * that began before it:
   */
  describe("where the person stays signed in at the identity provider, so that the sid goes on", () => {
    let browser: Client;
    let old: { value: string; accountKey: string };
    beforeEach(async () => {
      browser = world.client();
      await signIn(browser, ada, "/healthz");
      old = sessionOf(browser);
    });

    it("front-channel | a sign-in begun later: it works", async () => {
      await signOutBySid(world);
      await letDoubtPass();
      const tab = tabOf(world, browser, 0);
      assert.equal((await login(tab)).status, 200);
      await assertUseless(world, old.value);
      await assertOnlySessions(world, [tab]);
    });

    it("first tab redeems its code | front-channel | second tab begins, signs in | first tab writes: only the second is in", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const [first, second] = [tabOf(world, browser, 0), tabOf(world, browser, 0)];
      const overtakenSignIn = login(first);
      await write.reached();
      await signOutBySid(world);
      await letDoubtPass();
      assert.equal((await login(second)).status, 200);
      write.release();
      assert.equal((await overtakenSignIn).status, 403);
      await assertUseless(world, old.value);
      await assertOnlySessions(world, [second]);
    });

    it("front-channel | a tab begins, redeems its code | front-channel again | it writes: refused, and no document stays", async (test) => {
      await signOutBySid(world);
      await letDoubtPass();
      const write = holdStore(test, world, { kind: "create", when: "before" });
      const tab = tabOf(world, browser, 0);
      const arrival = login(tab);
      await write.reached();
      await signOutBySid(world);
      write.release();
      assert.equal((await arrival).status, 403);
      await assertNoDocument(world, old.accountKey);
    });

    it("front-channel | a tab begins, signs in | front-channel again: its session is gone", async () => {
      await signOutBySid(world);
      await letDoubtPass();
      const tab = tabOf(world, browser, 0);
      assert.equal((await login(tab)).status, 200);
      await signOutBySid(world);
      await assertUseless(world, sessionOf(tab).value);
      await assertNoDocument(world, old.accountKey);
    });
  });

  it("a sign-in begun after all that, under a new sid, works", async () => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    await signOutBySid(world);
    const { publicUrl } = world.identityProvider;
    const headers = { origin: publicUrl, "sec-fetch-site": "same-origin" };
    await client.fetch(`${publicUrl}/signout`, { method: "POST", headers });
    await signIn(client, ada, "/healthz");
    await assertOnlySessions(world, [client]);
  });
});
