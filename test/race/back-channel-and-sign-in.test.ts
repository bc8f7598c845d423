import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { letDoubtPass } from "../support/clocks.ts";
import { logoutToken, sendLogoutToken, subjectOf } from "../support/logout-token.ts";
import {
  ada,
  assertOnlySessions,
  assertUseless,
  holdStore,
  login,
  startWithShortTokens,
  type HeldRequests,
} from "../support/race.ts";
import { dumpStore } from "../support/store.ts";
import { sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

/** Where the callback stands when the logout token comes. The subject is claimed after the `sid`. */
const places: readonly { readonly name: string; readonly held: HeldRequests }[] = [
  { name: "about to write the document", held: { kind: "create", container: "accounts", when: "before" } },
  { name: "document written, about to claim the sid", held: { kind: "create", container: "sids", when: "before" } },
  {
    name: "sid claimed, about to claim the subject",
    held: { kind: "create", container: "sids", when: "before", times: 2 },
  },
];

/**
 * A logout token that names a subject and no session comes while the sign-in is still in the callback. Guard: the
 * subject has its own mark, and the sign-in claims it last.
 */
describe("a logout token for a subject, to another instance, while a sign-in is still in the callback", () => {
  let world: World;
  before(async () => {
    world = await startWorld({ instances: 2 });
    world.identityProvider.controls.announceBackChannelLogout = true;
  });
  after(() => world.stop());
  beforeEach(() => startWithShortTokens(world));

  async function signOutSubject(): Promise<void> {
    const token = await logoutToken(world, { sub: subjectOf(world, ada) });
    const answer = await sendLogoutToken(world, token, { instance: 1 });
    assert.equal(answer.status, 200, answer.body);
  }

  for (const { name, held } of places) {
    it(`${name} | logout token | goes on: refused, and no document stays`, async (test) => {
      const gate = holdStore(test, world, held);
      const client = world.client();
      const arrival = login(client);
      for (let count = 1; count < (held.times ?? 1); count++) {
        await gate.reached(count);
        gate.release();
      }
      await gate.reached(held.times);
      await signOutSubject();
      gate.release();
      assert.equal((await arrival).status, 403);
      assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
      assert.deepEqual((await dumpStore(world)).accounts, {});
    });
  }

  it("logout token | a sign-in begun later: it works", async () => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const old = sessionOf(client);
    await signOutSubject();
    await letDoubtPass();
    const later = world.client();
    await signIn(later, ada, "/healthz");
    await assertUseless(world, old.value);
    await assertOnlySessions(world, [later]);
  });
});
