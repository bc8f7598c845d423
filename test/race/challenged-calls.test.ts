import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Client } from "../support/http-client.ts";
import {
  administratorSettings,
  ada,
  assertNoDocument,
  assertSignInRequired,
  assertUseless,
  callApi,
  holdTokens,
  startWithShortTokens,
  waysOut,
} from "../support/race.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/**
 * An API answers a call with a claims challenge, and the app gets a token that meets it. Guards: the app reads the
 * session again before it requests a token, and uses the new token only after it has stored it. With each way to sign
 * out:
 */
describe("a sign-out while a claims challenge of an API is being met", () => {
  let world: World;
  let client: Client;
  let old: { value: string; accountKey: string };
  before(async () => {
    world = await startWorld({ instances: 2, environment: administratorSettings });
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startWithShortTokens(world);
    world.identityProvider.controls.accessTokenLifetimeSeconds = 3600;
    client = world.client();
    await signIn(client, ada, "/healthz");
    old = sessionOf(client);
    world.downstreamApi.controls.clearRequests();
    world.downstreamApi.controls.claimsChallengeNext();
  });

  /** The call came too late, and nothing of the session is left. */
  async function assertGone(calling: ReturnType<typeof callApi>): Promise<void> {
    assertSignInRequired(await calling);
    assert.equal(world.downstreamApi.requests.length, 1, "The API heard from the session again");
    await assertNoDocument(world, old.accountKey);
    await assertUseless(world, old.value);
  }

  for (const { name, signOut } of waysOut) {
    it(`calls | signed out ${name} | the API challenges: no new token is asked for`, async (test) => {
      const api = world.downstreamApi.controls.gate();
      test.after(() => api.release());
      const calling = callApi(client);
      await api.reached();
      await signOut(world, client);
      world.identityProvider.controls.requests.clear();
      api.release();
      await assertGone(calling);
      assert.equal(world.identityProvider.controls.requests.count({ endpoint: "token" }), 0);
    });

    it(`challenged, at the token endpoint | signed out ${name} | answered, writes: the token is not used`, async (test) => {
      const tokens = holdTokens(test, world, "refresh_token");
      const calling = callApi(client);
      await tokens.reached();
      await signOut(world, client);
      tokens.release();
      await assertGone(calling);
    });
  }
});
