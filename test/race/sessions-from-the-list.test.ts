import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { sessionKeyOf } from "../../shared/account/document.ts";
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
  startWithShortTokens,
} from "../support/race.ts";
import { ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/**
 * One browser ends another's session while that is being renewed. The document stays, so there is no 404: the app looks
 * for the session in the document at every write.
 */
describe("a session that another browser of the account ends from the list, on another instance", () => {
  let world: World;
  let client: Client;
  let other: Client;
  before(async () => {
    world = await startWorld({ instances: 2 });
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startWithShortTokens(world);
    [client, other] = [world.client(0), world.client(1)];
    for (const browser of [client, other]) await signIn(browser, ada, "/healthz");
  });

  /** One browser ends the other's session. */
  async function end(ending: Client, ended: Client): Promise<Answer> {
    const path = `/auth/sessions/${sessionKeyOf(sessionOf(ended).secret)}`;
    return ending.fetch(path, { ...ownForm(world.publicBaseUrl), method: "DELETE" });
  }

  it("its renewal at the token endpoint | ended | writes: 401, it stays ended, the other one stays", async (test) => {
    const { value } = sessionOf(client);
    const token = holdTokens(test, world);
    const call = callApi(client);
    await token.reached();
    assert.equal((await end(other, client)).status, 204);
    token.release();
    assertSignInRequired(await call);
    await assertUseless(world, value);
    await assertOnlySessions(world, [other]);
  });

  it("its renewal about to write | ended | writes: 401, it stays ended, the other one stays", async (test) => {
    const { value } = sessionOf(client);
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const call = callApi(client);
    await write.reached();
    assert.equal((await end(other, client)).status, 204);
    write.release();
    assertSignInRequired(await call);
    await assertUseless(world, value);
    await assertOnlySessions(world, [other]);
  });

  it("about to be ended | its renewal writes | ended: it is ended all the same", async (test) => {
    const { value } = sessionOf(client);
    const write = holdStore(test, world, { kind: "replace", when: "before" });
    const ending = end(other, client);
    await write.reached();
    assert.equal((await callApi(client)).status, 200);
    write.release();
    assert.equal((await ending).status, 204);
    await assertUseless(world, value);
    await assertOnlySessions(world, [other]);
  });

  it("both browsers about to end each other | both go on: nothing is left", async (test) => {
    const cookies = [client, other].map((browser) => sessionOf(browser));
    const writes = holdStore(test, world, { kind: "replace", when: "before", times: 2 });
    const endings = [end(client, other), end(other, client)];
    await writes.reached(2);
    writes.release();
    writes.release();
    for (const { status } of await Promise.all(endings)) assert.equal(status, 204);
    for (const { value, accountKey } of cookies) {
      await assertUseless(world, value);
      await assertNoDocument(world, accountKey);
    }
  });
});
