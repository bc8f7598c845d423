import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import type { Answer, Client } from "../support/http-client.ts";
import {
  ada,
  administratorHeaders,
  administratorSettings,
  assertNoDocument,
  assertOnlySessions,
  assertSignInRequired,
  assertUseless,
  assertWorks,
  askOfAda,
  callApi,
  holdStore,
  holdTokens,
  holderOf,
  login,
  signOutBySid,
  startWithShortTokens,
  tabOf,
} from "../support/race.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { rewriteSessions } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const me = async (browser: Client): Promise<Answer> => browser.fetch("/auth/me");

describe("administrators, services and the identity provider's answers, while other things happen", () => {
  let world: World;
  let client: Client;
  let old: ReturnType<typeof sessionOf>;
  before(async () => {
    world = await startWorld({ instances: 2, environment: administratorSettings });
  });
  after(() => world.stop());

  const everybodyOut = async (instance: number, method = "PUT", query = ""): Promise<void> => {
    const ask = { method, headers: administratorHeaders };
    const answer = await world.client(instance).fetch(`/auth/not-before${query}`, ask);
    assert.equal(answer.status, 200, answer.body);
  };
  const takeBack = async () => Promise.all([everybodyOut(0, "DELETE"), everybodyOut(1, "DELETE")]);
  const assertRefusedSoon = async (cookie: string, instance: number) =>
    eventually("it is not served", async () => (await me(holderOf(world, cookie, instance))).status === 401);

  const tab = () => tabOf(world, client, 1);

  async function assertOverFor(answers: readonly Promise<Answer>[]): Promise<void> {
    for (const answer of await Promise.all(answers)) assertSignInRequired(answer);
    await assertUseless(world, old.value);
    await assertNoDocument(world, old.accountKey);
  }

  beforeEach(async () => {
    await startWithShortTokens(world);
    await takeBack();
    client = world.client();
    await signIn(client, ada, "/healthz");
    old = sessionOf(client);
    world.downstreamApi.controls.clearRequests();
  });

  /**
   * An administrator signs everybody out. That deletes nothing: each instance knows within seconds from when on sessions
   * count, and a session from before goes with its next request. Guards: an instance asks for that time again before it
   * serves anybody; what it has written itself counts at once; a session is looked at again after each wait.
   */
  describe("everybody out", () => {
    it("renewal at the token endpoint | everybody out at the same instance | token response, write: 401, and the API is not called", async (test) => {
      const tokens = holdTokens(test, world);
      const call = callApi(client);
      await tokens.reached();
      await everybodyOut(0);
      tokens.release();
      assertSignInRequired(await call);
      assert.deepEqual(world.downstreamApi.requests, []);
      assertSignInRequired(await me(holderOf(world, old.value, 0)));
      await assertNoDocument(world, old.accountKey);
    });

    it("renewal about to write | everybody out at the other instance | it writes: soon not served, and the tokens are deleted", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const call = callApi(client);
      await write.reached();
      await everybodyOut(1);
      write.release();
      await call;
      await assertRefusedSoon(old.value, 0);
      await assertUseless(world, old.value);
      await assertNoDocument(world, old.accountKey);
    });

    it("callback about to write at one instance | everybody out at the other | it writes: soon not served, and the tokens are deleted", async (test) => {
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const arriving = world.client();
      const arrival = login(arriving);
      await write.reached();
      await everybodyOut(1);
      write.release();
      await arrival;
      for (const { value } of [old, sessionOf(arriving)]) {
        assertSignInRequired(await me(holderOf(world, value, 1)));
        await assertRefusedSoon(value, 0);
      }
      await assertNoDocument(world, old.accountKey);
    });

    it("everybody out, a request is about to delete the session | taken back | it deletes: signed out, and it stays so", async (test) => {
      await everybodyOut(0);
      const removal = holdStore(test, world, { kind: "delete", when: "before" });
      const asked = me(client);
      await removal.reached();
      await takeBack();
      removal.release();
      assertSignInRequired(await asked);
      await assertUseless(world, old.value);
      await assertNoDocument(world, old.accountKey);
    });

    it("everybody out, a request is about to delete the session | sign-in of another browser | it deletes: only the new sign-in is left", async (test) => {
      await rewriteSessions(world, old.accountKey, (session) => ({ ...session, startedAt: minutesAgo(1) }));
      await everybodyOut(0, "PUT", `?time=${minutesAgo(1 / 2)}`);
      const removal = holdStore(test, world, { kind: "delete", when: "before" });
      const asked = me(client);
      await removal.reached();
      const other = world.client();
      await signIn(other, ada, "/healthz");
      removal.release();
      assertSignInRequired(await asked);
      await assertOnlySessions(world, [other]);
    });
  });

  /**
   * A service ends one session of a person, or erases the account. To erase, it reads the entries of the index first and
   * deletes them last. Guard: every delete names the version that it means.
   */
  describe("a service", () => {
    it("about to end one of two sessions | that one's renewal writes | ends it: gone all the same, the other one stays", async (test) => {
      const other = world.client();
      await signIn(other, ada, "/healthz");
      const { sessions } = (await askOfAda(world, "GET", "sessions")).json() as { sessions: { id: string }[] };
      const mine = (await client.fetch("/auth/sessions")).json() as { sessions: { id: string; current: boolean }[] };
      const { id = "" } = mine.sessions.find(({ current }) => current) ?? {};
      assert.ok(sessions.some((listed) => listed.id === id));
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const ending = askOfAda(world, "DELETE", `sessions/${id}`);
      await write.reached();
      await assertWorks(client);
      write.release();
      assert.equal((await ending).status, 204);
      await assertUseless(world, old.value);
      await assertOnlySessions(world, [other]);
    });

    it("erases, about to delete the entries | a sign-in begun later claims its sid anew | deletes them: the identity provider still reaches it", async (test) => {
      const removal = holdStore(test, world, { kind: "delete", container: "sids", when: "before" });
      const erasing = askOfAda(world, "DELETE", "records");
      await removal.reached();
      const later = tabOf(world, client, 1);
      await signIn(later, ada, "/healthz");
      removal.release();
      const erased = await erasing;
      assert.equal(erased.status, 200, erased.body);
      await assertUseless(world, old.value);
      await assertOnlySessions(world, [later]);
      assert.equal((await frontChannel(world.client(), `sid=${sidOf(world, ada)}`)).status, 200);
      await assertUseless(world, sessionOf(later).value);
      await assertNoDocument(world, old.accountKey);
    });
  });

  /**
   * The identity provider has not answered for a session for more than an hour, so an instance asks again, whatever the request
   * is about. The late writer is that instance. Guards: as for renewals; a refusal ends the session only as it was when it
   * was asked about.
   */
  describe("asking again", () => {
    beforeEach(async () => {
      await rewriteSessions(world, old.accountKey, (session) => ({ ...session, revalidatedAt: minutesAgo(90) }));
    });
    it("asked again, about to write | front-channel | writes: 401, and nothing comes back", async (test: TestContext) => {
      const write = holdStore(test, world, { kind: "replace", when: "before" });
      const asked = me(client);
      await write.reached();
      await signOutBySid(world);
      write.release();
      await assertOverFor([asked]);
    });

    it("two instances ask again, about to write | front-channel | both write: 401 for both, and nothing comes back", async (test) => {
      const writes = holdStore(test, world, { kind: "replace", when: "before", times: 2 });
      const asked = [me(client), callApi(tab())];
      await writes.reached(2);
      await signOutBySid(world);
      writes.releaseAll();
      await assertOverFor(asked);
    });

    it("asked again and refused, about to end the session | another instance's renewal writes | ends it: the session stays", async (test) => {
      const { controls } = world.identityProvider;
      const body = { error: "invalid_grant", error_codes: [50_173] };
      controls.failNext("token", { type: "status", status: 400, body });
      const removal = holdStore(test, world, { kind: "delete", when: "before" });
      const asked = me(client);
      await removal.reached();
      await assertWorks(tab());
      removal.release();
      assert.equal((await asked).status, 200);
      await assertOnlySessions(world, [client]);
    });
  });
});
