import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Answer, Client } from "../support/http-client.ts";
import {
  accountKeyOfAda,
  ada,
  administratorSettings,
  assertNoDocument,
  assertOnlySessions,
  assertUseless,
  callApi,
  holdStore,
  login,
  loseAnswer,
  purgeAda,
  signOutBySid,
  signOutInTab,
  startWithShortTokens,
  tabOf,
} from "../support/race.ts";
import { finishSignOut } from "../support/sign-out.ts";
import { ownForm, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/**
 * A callback reads, and replaces or creates; a sign-out on another instance deletes. The late writer is the sign-in,
 * and it may create a document. Guards: only a sign-in creates; a sign-out marks the `sid` first, and a sign-in claims
 * it last; a create with an unknown result is not repeated.
 */
describe("a sign-in that a sign-out on another instance overtakes", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 3, environment: administratorSettings });
  });
  after(() => world.stop());
  beforeEach(() => startWithShortTokens(world));

  describe("from one browser, while another signs out", () => {
    it("sign-in reads | delete | sign-in writes: the document holds only the new sign-in", async (test) => {
      const leaving = world.client();
      await signIn(leaving, ada, "/healthz");
      const old = sessionOf(leaving);
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const arriving = world.client(2);
      const arrival = login(arriving);
      await write.reached();
      await signOutInTab(world, leaving);
      write.release();
      assert.equal((await arrival).status, 200);
      await assertUseless(world, old.value);
      await assertOnlySessions(world, [arriving]);
    });

    it("sign-out reads | sign-in writes | sign-out deletes: all of the account is gone", async (test) => {
      const leaving = world.client();
      await signIn(leaving, ada, "/healthz");
      const old = sessionOf(leaving);
      const removal = holdStore(test, world, { kind: "delete", when: "before" });
      const left = signOutInTab(world, leaving);
      await removal.reached();
      const arriving = world.client(2);
      await login(arriving);
      removal.release();
      await left;
      await assertUseless(world, old.value);
      await assertUseless(world, sessionOf(arriving).value);
      await assertNoDocument(world, old.accountKey);
    });

    it("sign-in creates, its answer lost | another browser signs in, ends all | creates again: only the new sign-in is there", async (test) => {
      const created = loseAnswer(test, world, { kind: "create" });
      const arriving = world.client(2);
      const arrival = login(arriving);
      await created.reached();
      const leaving = world.client();
      await signIn(leaving, ada, "/healthz");
      const old = sessionOf(leaving);
      await signOutInTab(world, leaving);
      created.cut();
      assert.equal((await arrival).status, 200);
      await assertUseless(world, old.value);
      await assertOnlySessions(world, [arriving]);
    });
  });

  /** A purge marks the person's entry first, and a sign-in looks at it last, so that one of the two finds the other. */
  describe("from one browser, while an administrator purges the account", () => {
    it("first sign-in is about to create | purge | it creates: refused, nothing stored", async (test) => {
      const write = holdStore(test, world, { kind: "create", when: "before" });
      const arrival = login(world.client(2));
      await write.reached();
      await purgeAda(world);
      write.release();
      assert.equal((await arrival).status, 403);
      await assertNoDocument(world, accountKeyOfAda(world));
    });

    it("sign-in is about to replace | purge | it replaces: refused, nothing stored", async (test) => {
      const staying = world.client();
      await signIn(staying, ada, "/healthz");
      const old = sessionOf(staying);
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const arrival = login(world.client(2));
      await write.reached();
      await purgeAda(world);
      write.release();
      assert.equal((await arrival).status, 403);
      await assertUseless(world, old.value);
      await assertNoDocument(world, old.accountKey);
    });

    it("sign-in has written | purge | it looks at the mark: refused, nothing stored", async (test) => {
      const look = holdStore(test, world, { kind: "read", container: "sids", when: "before" });
      const arrival = login(world.client(2));
      await look.reached();
      await purgeAda(world);
      look.release();
      assert.equal((await arrival).status, 403);
      await assertNoDocument(world, accountKeyOfAda(world));
    });

    it("sign-in looks at the mark | purge | it goes on: the cookie that arrives opens nothing", async (test) => {
      const look = holdStore(test, world, { kind: "read", container: "sids", when: "after" });
      const arriving = world.client(2);
      const arrival = login(arriving);
      await look.reached();
      await purgeAda(world);
      look.release();
      await arrival;
      await assertUseless(world, sessionOf(arriving).value);
      await assertNoDocument(world, accountKeyOfAda(world));
    });

    it("sign-in creates, its answer lost | purge | creates again: refused, nothing stored", async (test) => {
      const created = loseAnswer(test, world, { kind: "create" });
      const arriving = world.client(2);
      const arrival = login(arriving);
      await created.reached();
      await purgeAda(world);
      created.cut();
      assert.equal((await arrival).status, 403);
      await assertNoDocument(world, accountKeyOfAda(world));
    });

    it("purge | a sign-in begun later, at the same instance: it works", async () => {
      await purgeAda(world);
      const arriving = world.client(1);
      assert.equal((await login(arriving)).status, 200);
      await assertOnlySessions(world, [arriving]);
    });
  });

  describe("from a second tab of the browser that signs out in the app", () => {
    let tab: Client;
    let secondTab: Client;
    let old: { value: string; accountKey: string };
    beforeEach(async () => {
      tab = world.client();
      await signIn(tab, ada, "/healthz");
      old = sessionOf(tab);
      secondTab = tabOf(world, tab, 2);
    });

    const postSignOut = () => tab.fetch("/auth/logout", ownForm(world.publicBaseUrl));

    /** On from the app's answer to the identity provider, and through the frames on its page. */
    async function goOnToProvider(posted: Answer): Promise<void> {
      const { frames } = await finishSignOut(tab, await tab.navigate(posted.headers.location ?? ""));
      assert.deepEqual(
        frames.map(({ status }) => status),
        [200],
      );
    }

    it("sign-in reads | sign-out in the app and at the provider | sign-in writes: refused, nothing stored", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const arrival = login(secondTab);
      await write.reached();
      await goOnToProvider(await postSignOut());
      write.release();
      assert.equal((await arrival).status, 403);
      await assertUseless(world, old.value);
      await assertNoDocument(world, old.accountKey);
    });

    it("sign-out reads | second tab signs in | sign-out deletes: both sessions are gone", async (test) => {
      const removal = holdStore(test, world, { kind: "delete", when: "before" });
      const posted = postSignOut();
      await removal.reached();
      await login(secondTab);
      removal.release();
      assert.equal((await posted).status, 303);
      await assertUseless(world, old.value);
      await assertUseless(world, sessionOf(secondTab).value);
      await assertNoDocument(world, old.accountKey);
    });

    it("second tab signs in, its answer under way | sign-out with the cookie before: both sessions are gone", async () => {
      await login(secondTab);
      const fresh = sessionOf(secondTab);
      assert.equal((await postSignOut()).status, 303);
      await assertUseless(world, fresh.value);
      await assertNoDocument(world, old.accountKey);
    });

    it("sign-out deletes | second tab signs in under the same sid | sign-out goes on, also at the provider: all gone", async (test) => {
      const deleted = holdStore(test, world, { kind: "delete", when: "after" });
      const posted = postSignOut();
      await deleted.reached();
      await login(secondTab);
      const fresh = sessionOf(secondTab);
      deleted.release();
      await goOnToProvider(await posted);
      await assertUseless(world, old.value);
      await assertUseless(world, fresh.value);
      await assertNoDocument(world, old.accountKey);
    });

    it("second tab redeems its code | sign-out deletes | front-channel for the sid | sign-out goes on | second tab writes: refused", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const arrival = login(secondTab);
      await write.reached();
      const deleted = holdStore(test, world, { kind: "delete", when: "after" });
      const posted = postSignOut();
      await deleted.reached();
      await signOutBySid(world);
      deleted.release();
      await posted;
      write.release();
      assert.equal((await arrival).status, 403);
      await assertNoDocument(world, old.accountKey);
    });
  });

  it("ending one of two sessions of a sid leaves the other within reach of the identity provider", async () => {
    // The cookie was lost while the identity provider's session went on: two sessions under one sid.
    const forgetful = world.client();
    await signIn(forgetful, ada, "/healthz");
    const lost = sessionOf(forgetful);
    const later = tabOf(world, forgetful, 2);
    later.setCookie("localhost", sessionCookie, "");
    await signIn(later, ada, "/healthz");
    const { sessions } = (await later.fetch("/auth/sessions")).json() as {
      sessions: { id: string; current: boolean }[];
    };
    const other = sessions.find(({ current }) => !current);
    const ended = await later.fetch(`/auth/sessions/${other?.id}`, {
      ...ownForm(world.publicBaseUrl),
      method: "DELETE",
    });
    assert.equal(ended.status, 204);
    assert.equal((await callApi(later)).status, 200);
    await signOutBySid(world);
    await assertUseless(world, lost.value);
    await assertUseless(world, sessionOf(later).value);
  });
});
