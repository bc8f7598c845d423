import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { assertProblem, inTime } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { logoutToken, sendLogoutToken } from "../support/logout-token.ts";
import { generatePeople } from "../support/people.ts";
import { serviceHeaders } from "../support/service.ts";
import { frontChannel, sidOf } from "../support/sign-out.ts";
import { accountDocument, dumpStore, rewriteSessions } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";
import {
  asksForPeace,
  assertNotSignedIn,
  assertSignedOut,
  assertUnavailable,
  browserAt,
  callApi,
  login,
  returning,
  signedIn,
  troubles,
  type Trouble,
} from "./identity-provider/trouble.ts";

const many = 1_000;
const incomplete = /\/auth\/signed-out\?incomplete=1$/;
const people = generatePeople(150).map(({ preferredUsername }) => preferredUsername);
const person = () => people.pop() ?? assert.fail("Too few people");

describe("when the identity provider is in trouble", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ people: generatePeople(150) });
  });
  after(() => world.stop());
  afterEach(() => {
    world.identityProvider.controls.clearFaults();
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
  });

  const failing = (endpoint: "discovery" | "jwks" | "token", { fault }: Trouble) =>
    world.identityProvider.controls.failNext(endpoint, fault, many);
  /** The endpoint hangs; and nobody asks it for what `act` needs. */
  const withoutAsking = async <T>(endpoint: "discovery" | "jwks" | "token", act: () => Promise<T>): Promise<T> => {
    const { requests } = world.identityProvider.controls;
    failing(endpoint, { name: "", fault: { type: "hang" } });
    const asked = requests.count({ endpoint });
    const result = await act();
    assert.equal(requests.count({ endpoint }), asked, `requests at ${endpoint}`);
    return result;
  };
  const issuer = () => `${world.identityProvider.instance}${world.identityProvider.tenantId}/v2.0`;
  /** An instance that has asked the identity provider for nothing yet. */
  const startInstance = async () => {
    await world.startInstance();
    return world.instances.length - 1;
  };
  /** The given instance, or a new one where this one would ask nothing for a while. */
  const instanceFor = async (trouble: Trouble, instance: number) =>
    trouble === asksForPeace ? startInstance() : instance;

  async function backChannel(instance: number) {
    const token = await logoutToken(world, { sid: "a sid that nobody knows" });
    return sendLogoutToken(world, token, { instance });
  }

  async function askAsService(instance: number) {
    const headers = await serviceHeaders(world);
    return world.client(instance).fetch("/auth/accounts/somebody/sessions", { headers });
  }

  /** A session for which the identity provider has not answered for so long; it is asked again after an hour. */
  async function lastAnsweredFor(minutes: number): Promise<Client> {
    const client = await signedIn(world, person(), 0);
    const revalidatedAt = new Date(Date.now() - minutes * 60_000).toISOString();
    await rewriteSessions(world, sessionOf(client).accountKey, (session) => ({ ...session, revalidatedAt }));
    return client;
  }

  async function withShortTokens(instance = 0): Promise<Client> {
    world.identityProvider.controls.accessTokenLifetimeSeconds = 60;
    const client = await signedIn(world, person(), instance);
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
    return client;
  }

  async function assertFrameSignsOut(instance: number, client: Client, query: string): Promise<void> {
    const answer = await inTime(() => frontChannel(world.client(instance), query));
    assert.equal(answer.status, 200, answer.body);
    assert.equal(await accountDocument(world, sessionOf(client).accountKey), undefined);
  }

  async function assertAnswers(instance: number, path: string, status: number): Promise<void> {
    const answer = await inTime(() => world.client(instance).fetch(path));
    assert.equal(answer.status, status, `${path}: ${answer.body}`);
  }

  describe("discovery, and an instance that has never reached it", () => {
    let fresh: number;
    let staying: Client;
    let renewing: Client;
    before(async () => {
      fresh = await startInstance();
      staying = await signedIn(world, person(), fresh);
      renewing = await withShortTokens(fresh);
    });

    for (const trouble of [...troubles, asksForPeace]) {
      it(`${trouble.name}: everybody is told in time, sessions are kept, signing out works`, async () => {
        const instance = await instanceFor(trouble, fresh);
        const [arriving, leaving, leavingByFrame] = [
          await returning(world, person(), instance),
          await signedIn(world, person(), instance),
          person(),
        ];
        const framed = await signedIn(world, leavingByFrame, instance);
        const sid = sidOf(world, leavingByFrame);
        failing("discovery", trouble);
        await Promise.all([
          assertUnavailable(() => login(world.client(instance)), trouble),
          assertNotSignedIn(arriving, trouble),
          assertUnavailable(() => callApi(browserAt(world, renewing, instance)), trouble),
          assertGoesOn(browserAt(world, staying, instance)),
          assertSignedOut(world, leaving, incomplete),
          assertFrameSignsOut(instance, framed, `sid=${sid}&iss=${encodeURIComponent(issuer())}`),
          assertUnavailable(() => askAsService(instance), trouble),
          assertAnswers(instance, "/", 200),
          assertAnswers(instance, "/auth/logout", 200),
          assertAnswers(instance, "/auth/me", 401),
          assertAnswers(instance, "/readyz", 503),
        ]);
      });
    }

    it("is well again: everything works, without a restart", async () => {
      // A request that was still waiting for an answer may fail yet, and those that share it.
      await inTime(async () => {
        while ((await login(world.client(fresh))).status !== 302);
      });
      assert.equal((await callApi(staying)).status, 200);
      const { callback } = await returning(world, person(), fresh);
      assert.equal((await callback()).status, 302);
      await assertAnswers(fresh, "/readyz", 200);
      await assertSignedOut(world, staying, /\/oauth2\/v2\.0\/logout\?/);
    });

    it("fails later: what was learned is used", async () => {
      assert.equal((await withoutAsking("discovery", () => login(world.client(fresh)))).status, 302);
      await assertAnswers(fresh, "/readyz", 200);
    });
  });

  describe("the signing keys, and an instance that has never read them", () => {
    let fresh: number;
    before(async () => {
      fresh = await startInstance();
    });

    for (const trouble of [...troubles, asksForPeace]) {
      it(`${trouble.name}: nobody is signed in, nothing is stored, and signing out works`, async () => {
        const instance = await instanceFor(trouble, fresh);
        const arriving = await returning(world, person(), instance);
        const leaving = await signedIn(world, person(), instance);
        const stored = await dumpStore(world);
        failing("jwks", trouble);
        await Promise.all([
          assertNotSignedIn(arriving, trouble),
          assertUnavailable(() => backChannel(instance), trouble),
          assertUnavailable(() => askAsService(instance), trouble),
        ]);
        assert.deepEqual(await dumpStore(world), stored);
        await assertSignedOut(world, leaving, /\/oauth2\/v2\.0\/logout\?/);
      });
    }

    it("is well again: sign-in and back-channel sign-out work", async () => {
      const { callback } = await returning(world, person(), fresh);
      assert.equal((await callback()).status, 302);
      assert.equal((await backChannel(fresh)).status, 200);
    });

    it("fails later: the keys that are known do", async () => {
      const { callback } = await returning(world, person(), fresh);
      assert.equal((await withoutAsking("jwks", callback)).status, 302);
    });
  });

  describe("the token endpoint", () => {
    for (const trouble of troubles) {
      it(`${trouble.name}: no sign-in, no renewal, the session is kept as it was, and signing out works`, async () => {
        const [arriving, renewing] = [await returning(world, person(), 0), await withShortTokens()];
        const leaving = await signedIn(world, person(), 0);
        const [due, overdue] = [await lastAnsweredFor(90), await lastAnsweredFor(150)];
        const stored = await dumpStore(world);
        failing("token", trouble);
        await Promise.all([
          assertNotSignedIn(arriving, trouble),
          assertUnavailable(() => callApi(renewing), trouble),
          assertGoesOn(due),
          assertUnavailable(() => callApi(overdue), trouble),
        ]);
        assert.deepEqual(await dumpStore(world), stored);
        await assertSignedOut(world, leaving, /\/oauth2\/v2\.0\/logout\?/);

        world.identityProvider.controls.clearFaults();
        for (const client of [renewing, due, overdue]) assert.equal((await callApi(client)).status, 200);
        await signIn(arriving.client, person(), "/healthz");
        assert.equal((await callApi(arriving.client)).status, 200);
      });
    }

    it(`${asksForPeace.name}: so does this instance, signing out works, and another one goes on`, async () => {
      const instance = await startInstance();
      const arriving = [await returning(world, person(), instance), await returning(world, person(), instance)];
      const [renewing, leaving] = [await withShortTokens(instance), await signedIn(world, person(), instance)];
      failing("token", asksForPeace);
      for (const each of arriving) {
        await Promise.all([
          assertNotSignedIn(each, asksForPeace),
          assertUnavailable(() => callApi(renewing), asksForPeace),
        ]);
        world.identityProvider.controls.clearFaults();
      }
      await assertSignedOut(world, leaving, /\/oauth2\/v2\.0\/logout\?/);
      assert.equal((await callApi(browserAt(world, renewing, 0))).status, 200);
    });

    it("fails: the token that is still good is used, and signing out works", async () => {
      const client = await signedIn(world, person(), 0);
      assert.equal((await withoutAsking("token", () => callApi(client))).status, 200);
      await assertSignedOut(world, client, /\/oauth2\/v2\.0\/logout\?/);
    });

    it("refuses the app itself: 502, which says whose business it is, and the session is kept", async () => {
      const [arriving, renewing] = [await returning(world, person(), 0), await withShortTokens()];
      failing("token", { name: "", fault: { type: "status", status: 401, body: { error: "invalid_client" } } });
      assertProblem(await arriving.callback(), 502, "app_refused");
      assertProblem(await callApi(renewing), 502, "app_refused");
      world.identityProvider.controls.clearFaults();
      assert.equal((await callApi(renewing)).status, 200);
    });
  });

  describe("the end-session endpoint", () => {
    for (const trouble of troubles.filter(({ fault }) => fault.type !== "hang")) {
      it(`${trouble.name}: the account is gone here before the browser gets there`, async () => {
        const client = await signedIn(world, person(), 0);
        world.identityProvider.controls.failNext("end-session", trouble.fault);
        await assertSignedOut(world, client, /\/oauth2\/v2\.0\/logout\?/);
        assert.equal((await client.fetch("/auth/signed-out")).status, 200);
      });
    }
  });

  it("and the log names what failed, without a stack of retries or an unhandled rejection", () => {
    assert.doesNotMatch(world.log(), /unhandled|internal_error/i);
    assert.match(world.log(), /"event":"request_failed","function":"callback","code":"identity_provider_unavailable"/);
  });
});

/** There is nothing to ask the identity provider for, or nothing that the session cannot do without for a while. */
async function assertGoesOn(client: Client): Promise<void> {
  const answer = await inTime(() => callApi(client));
  assert.equal(answer.status, 200, answer.body);
}
