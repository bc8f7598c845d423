import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import { letDoubtPass } from "../support/clocks.ts";
import { startFinisher, type Finisher } from "../support/finisher.ts";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  assertOnlySessions,
  assertUseless,
  byProvider,
  duringOutage,
  holdStore,
  sidIn,
  startWithShortTokens,
} from "../support/race.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { dumpStore } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/**
 * The identity provider has issued a code, then the person signs out there, and at that moment the store accepts
 * nothing, not even the mark. Guards: an order from the queue also marks the `sid` or the subject, with the time when
 * it was given; a session records when its sign-in began.
 */
describe("a sign-out that is left for later, while a sign-in under its sid is in the callback", () => {
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
    world.identityProvider.controls.announceBackChannelLogout = true;
    client = world.client();
    callback = await untilCallback(client, ada);
  };
  beforeEach(begin);

  for (const [way, signOut] of Object.entries(byProvider)) {
    const leaveForLater = () => duringOutage(world, () => signOut(world, sidIn(callback), 1));

    it(`${way} left for later | finisher | callback completes: refused`, async () => {
      assert.equal(await finisher.carryOut(await leaveForLater()), "done");
      await assertRefused(client.fetch(callback.href));
    });

    it(`callback writes the document | ${way} left for later | finisher | callback claims: refused`, async (test) => {
      for (let attempt = 1; (await claimLate(test, leaveForLater)) === "too early"; attempt++) {
        assert.ok(attempt < 5, "The sign-in completes although it was signed out before");
        await begin();
      }
    });
  }

  it("logout token with the subject left for later | a sign-in begun later | finisher: it stays", async () => {
    const signOut = byProvider["logout token with the subject"] ?? assert.fail();
    const order = await duringOutage(world, () => signOut(world, sidIn(callback), 1));
    await letDoubtPass();
    const later = world.client();
    await signIn(later, ada, "/healthz");
    assert.equal(await finisher.carryOut(order), "done");
    await assertOnlySessions(world, [later]);
  });

  /**
   * The app gives up a request that gets no answer for two seconds, and claims anew. On a busy machine that may be before
   * the order is carried out, which then ends the session.
   */
  async function claimLate(test: TestContext, leaveForLater: () => Promise<unknown>): Promise<"refused" | "too early"> {
    const claim = holdStore(test, world, { kind: "create", container: "sids", when: "before" });
    const completing = client.fetch(callback.href);
    await claim.reached();
    assert.equal(await finisher.carryOut(await leaveForLater()), "done");
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
