import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import { startFinisher, type Finisher } from "../support/finisher.ts";
import type { Client } from "../support/http-client.ts";
import { ada, assertUseless, holdStore, startWithShortTokens } from "../support/race.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { frontChannel } from "../support/sign-out.ts";
import { dumpStore } from "../support/store.ts";
import { sessionOf, startWorld, type World } from "../support/world.ts";

/*
 * The identity provider has issued the code, then the person signs out there, and the store takes nothing at that moment:
 * not even the mark that would refuse the sign-in. When the order is carried out, the sign-in is anywhere.
 */
describe("a front-channel sign-out that is left for later, while a sign-in under its sid is in the callback", () => {
  let world: World;
  let finisher: Finisher;
  let client: Client;
  let callback: URL;
  before(async () => {
    world = await startWorld({ instances: 2 });
    finisher = await startFinisher(world);
  });
  after(async () => {
    await world.stop();
    await finisher.stop();
  });
  const begin = async () => {
    await startWithShortTokens(world);
    client = world.client();
    callback = await untilCallback(client, ada);
  };
  beforeEach(begin);

  /** @returns the order that the app leaves to the queue */
  async function signOutDuringOutage(): Promise<unknown> {
    const sid = callback.searchParams.get("session_state") ?? assert.fail("The provider names no session");
    const fault = { type: "status", status: 503 } as const;
    const outage = world.cosmos.faults.add({ match: {}, times: Number.MAX_SAFE_INTEGER, fault });
    const answer = await frontChannel(world.client(1), `sid=${encodeURIComponent(sid)}`);
    outage.remove();
    assert.equal(answer.status, 503, answer.body);
    return world.deferred.at(-1);
  }

  it("left for later | callback completes | finisher: the session is gone", async () => {
    const order = await signOutDuringOutage();
    assert.equal((await client.fetch(callback.href)).status, 302);
    const { value } = sessionOf(client);
    assert.equal(await finisher.carryOut(order), "done");
    await assertUseless(world, value);
    assert.deepEqual((await dumpStore(world)).accounts, {});
  });

  it("left for later | finisher | callback completes: refused", async () => {
    assert.equal(await finisher.carryOut(await signOutDuringOutage()), "done");
    await assertRefused(client.fetch(callback.href));
  });

  it("callback writes the document | left for later | finisher | callback claims the sid: refused", async (test) => {
    for (let attempt = 1; (await claimLate(test)) === "too early"; attempt++) {
      assert.ok(attempt < 5, "The sign-in completes although its sid was signed out before");
      await begin();
    }
  });

  /**
   * The app gives up a request that gets no answer for two seconds, and claims anew. On a busy machine that may be before
   * the order is carried out, which then ends the session.
   */
  async function claimLate(test: TestContext): Promise<"refused" | "too early"> {
    const claim = holdStore(test, world, { kind: "create", container: "sids", when: "before" });
    const completing = client.fetch(callback.href);
    await claim.reached();
    assert.equal(await finisher.carryOut(await signOutDuringOutage()), "done");
    claim.release();
    if ((await completing).status !== 302) {
      await assertRefused(completing);
      return "refused";
    }
    await assertUseless(world, sessionOf(client).value);
    return "too early";
  }

  async function assertRefused(completing: Promise<{ status: number }>): Promise<void> {
    assert.equal((await completing).status, 403);
    assert.throws(() => sessionOf(client));
    assert.deepEqual((await dumpStore(world)).accounts, {});
  }
});
