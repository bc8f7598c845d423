import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { homeAccountId } from "@entra-functions-bff/identity-provider/people";
import { sidKeyOf } from "../../shared/account/index-entry.ts";
import { startFinisher, type Finisher } from "../support/finisher.ts";
import { clockOffBy, letDoubtPass } from "../support/clocks.ts";
import type { Client } from "../support/http-client.ts";
import {
  ada,
  administratorHeaders,
  administratorSettings,
  assertOnlySessions,
  assertUseless,
  byProvider,
  callApi,
  duringOutage,
  holderOf,
  sidIn,
  startWithShortTokens,
} from "../support/race.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { frontChannel } from "../support/sign-out.ts";
import { accountDocument, dumpStore, rewriteSessions } from "../support/store.ts";
import { ownForm, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const bruno = "bruno@contoso.example";
const [right, off] = [0, 1] as const;

/** Somebody who is signed in, and the answer to a sign-out that is asked for at an instance. */
type SignOut = (
  world: World,
  browser: Client,
  sid: string,
  instance: number,
) => Promise<{ status: number; body: string }>;

const ofProvider: Readonly<Record<string, SignOut>> = Object.fromEntries(
  Object.entries(byProvider).map(([way, signOut]) => [way, (world, _, sid, instance) => signOut(world, sid, instance)]),
);

const here: Readonly<Record<string, SignOut>> = {
  "sign-out in the app": (world, browser, _, instance) =>
    atInstance(world, browser, instance).fetch("/auth/logout", ownForm(world.publicBaseUrl)),
  "sign-out everywhere": (world, browser, _, instance) =>
    atInstance(world, browser, instance).fetch("/auth/logout?everywhere=1", ownForm(world.publicBaseUrl)),
  "end of all sessions": (world, browser, _, instance) =>
    atInstance(world, browser, instance).fetch("/auth/sessions", {
      ...ownForm(world.publicBaseUrl),
      method: "DELETE",
    }),
  "administrator's program": async (world, _browser, _sid, instance) => {
    const person = world.identityProvider.people.find(({ preferredUsername }) => preferredUsername === ada);
    const target = `/auth/accounts/${person ? homeAccountId(person) : ""}`;
    return world.client(instance).fetch(target, { method: "DELETE", headers: administratorHeaders });
  },
};

function atInstance(world: World, browser: Client, instance: number): Client {
  return holderOf(world, sessionOf(browser).value, instance);
}

function idOfSid({ identityProvider }: World, sid: string): string {
  return sidKeyOf(identityProvider.instance + identityProvider.tenantId, sid);
}

// Each offset has a world of its own, and waits more than it works.
describe("clocks that differ", { concurrency: true }, () => {
  for (const shiftMs of [600_000, -600_000, 500, -500]) {
    const name = `${Math.abs(shiftMs) / 1000} s ${shiftMs > 0 ? "ahead" : "behind"}`;
    /**
     * There are three instances: one whose clock is right, one whose clock is wrong by ten minutes or half a second,
     * and one that is wrong in the other direction and finishes what was left for later. Guard: times that instances
     * compare are by the store's clock (`shared/store/clock.ts`), the earliest possible for sign-ins and sessions, the
     * latest possible for sign-outs. An instance compares two of its own moments by its own count, which leaves no
     * doubt. All but the last two are forced in both directions, and for every way to sign out; in the last two the
     * store has never answered the instance, so the instance does not know the time:
     */
    describe(
      `an instance whose clock is ${name}, one whose clock is right, and one that is off the other way`,
      { concurrency: 1 },
      () => {
        let world: World;
        let finisher: Finisher;
        before(async () => {
          world = await startWorld({ environment: administratorSettings });
          world.identityProvider.controls.announceBackChannelLogout = true;
          await world.startInstance(clockOffBy(shiftMs));
          finisher = await startFinisher(world, clockOffBy(-shiftMs));
        });
        after(async () => {
          await world.stop();
          await finisher.stop();
        });
        beforeEach(async () => {
          await startWithShortTokens(world);
          world.identityProvider.controls.announceBackChannelLogout = true;
        });

        const directions = [
          { from: "it", to: "the right one", begins: off, ends: right },
          { from: "the right one", to: "it", begins: right, ends: off },
        ] as const;
        for (const { from, to, begins, ends } of directions) {
          for (const [way, signOut] of Object.entries(ofProvider)) {
            it(`sign-in begun at ${from} | ${way} answered 200 by ${to} | callback: refused`, async () => {
              const client = world.client(begins);
              const callback = await untilCallback(client, ada);
              const answer = await signOut(world, client, sidIn(callback), ends);
              assert.equal(answer.status, 200, answer.body);
              assert.equal((await client.fetch(callback.href)).status, 403);
              assert.throws(() => sessionOf(client));
              assert.deepEqual((await dumpStore(world)).accounts, {});
            });

            it(`sign-in begun at ${from} | ${way} left for later by ${to} | callback | finisher: the session is gone`, async () => {
              const client = world.client(begins);
              const callback = await untilCallback(client, ada);
              const order = await duringOutage(world, () => signOut(world, client, sidIn(callback), ends));
              assert.equal((await client.fetch(callback.href)).status, 302);
              const { value } = sessionOf(client);
              assert.equal(await finisher.carryOut(order), "done");
              await assertUseless(world, value);
              assert.deepEqual((await dumpStore(world)).accounts, {});
            });
          }

          for (const [way, signOut] of Object.entries({ ...ofProvider, ...here })) {
            it(`two browsers sign in at ${from} | ${way} left for later by ${to} | finisher: both are signed out`, async () => {
              const [browser, other] = [world.client(begins), world.client(begins)];
              const callback = await untilCallback(browser, ada);
              assert.equal((await browser.fetch(callback.href)).status, 302);
              await signIn(other, ada, "/healthz");
              const [first, second] = [sessionOf(browser).value, sessionOf(other).value];
              const order = await duringOutage(world, () => signOut(world, browser, sidIn(callback), ends));
              assert.equal(await finisher.carryOut(order), "done");
              await assertUseless(world, first);
              await assertUseless(world, second);
            });
          }

          it(`front-channel left for later by ${to} | a sign-in begun later at ${from} | finisher: it stays`, async () => {
            const browser = world.client(begins);
            const callback = await untilCallback(browser, ada);
            assert.equal((await browser.fetch(callback.href)).status, 302);
            const order = await duringOutage(world, () => frontChannel(world.client(ends), `sid=${sidIn(callback)}`));
            await letDoubtPass();
            const later = world.client(begins);
            await signIn(later, ada, "/healthz");
            assert.equal(await finisher.carryOut(order), "done");
            await assertOnlySessions(world, [later]);
          });

          it(`signed in at ${from} | another account signs in at ${to} in the same browser: the first account is signed out`, async () => {
            const browser = world.client(begins);
            await signIn(browser, ada, "/healthz");
            const { value } = sessionOf(browser);
            const changed = atInstance(world, browser, ends);
            await signIn(changed, bruno, "/healthz");
            await assertUseless(world, value);
            assert.equal((await callApi(atInstance(world, changed, begins))).status, 200);
          });

          it(`signed in at ${from} | its sid comes to another account at ${to}: the first account's session ends`, async () => {
            const browser = world.client(begins);
            await signIn(browser, ada, "/healthz");
            const { value, accountKey } = sessionOf(browser);
            const [mine = assert.fail()] = Object.values((await accountDocument(world, accountKey))?.sessions ?? {});
            const other = world.client(ends);
            const callback = await untilCallback(other, bruno);
            // The same entry of the index, as if the identity provider had given Ada's session to Bruno.
            const theirs = idOfSid(world, sidIn(callback));
            await rewriteSessions(world, accountKey, (session) => ({ ...session, sid: theirs }));
            const { resource: entry } = await world.sids.item(mine.sid ?? "", mine.sid ?? "").read<object>();
            await world.sids.items.create({ ...entry, id: theirs });
            assert.equal((await other.fetch(callback.href)).status, 302);
            await assertUseless(world, value);
          });

          // It waits for seconds, and half a second more or less makes no difference to it.
          if (Math.abs(shiftMs) > 1_000) {
            it(`signed in at ${from} | everybody out at ${to} | a sign-in begun later at ${from}: it alone is served`, async (test) => {
              const administer = async (instance: number, method: string) =>
                world.client(instance).fetch("/auth/not-before", { method, headers: administratorHeaders });
              test.after(() => Promise.all([...world.instances.keys()].map((each) => administer(each, "DELETE"))));
              const browser = world.client(begins);
              await signIn(browser, ada, "/healthz");
              assert.equal((await administer(ends, "PUT")).status, 200);
              await eventually("it is not served", async () => (await browser.fetch("/auth/me")).status === 401);
              await letDoubtPass();
              const later = world.client(begins);
              await signIn(later, ada, "/healthz");
              await assertOnlySessions(world, [later]);
            });
          }

          it(`signed in at ${from} | the refresh token is revoked | calls an API at ${to}: the session ends`, async () => {
            const browser = world.client(begins);
            await signIn(browser, ada, "/healthz");
            const { value } = sessionOf(browser);
            world.identityProvider.controls.revokeRefreshTokens(undefined, "revoked");
            assert.equal((await callApi(atInstance(world, browser, ends))).status, 401);
            await assertUseless(world, value);
          });
        }

        it("signs in while the store is down, before it has ever answered | front-channel at the right one | callback: refused", async () => {
          const instance = world.instances.length;
          await world.startInstance(clockOffBy(shiftMs));
          const client = world.client(instance);
          const fault = { type: "status", status: 503 } as const;
          const outage = world.cosmos.faults.add({ match: {}, times: Number.MAX_SAFE_INTEGER, fault });
          const callback = await untilCallback(client, ada);
          outage.remove();
          assert.equal((await frontChannel(world.client(right), `sid=${sidIn(callback)}`)).status, 200);
          assert.equal((await client.fetch(callback.href)).status, 403);
          assert.deepEqual((await dumpStore(world)).accounts, {});
        });

        it("left for later by an instance that the store has never answered | finisher: whatever is there then is signed out", async () => {
          const instance = world.instances.length;
          await world.startInstance(clockOffBy(shiftMs));
          const browser = world.client(right);
          const callback = await untilCallback(browser, ada);
          const order = await duringOutage(world, () => frontChannel(world.client(instance), `sid=${sidIn(callback)}`));
          assert.equal((await browser.fetch(callback.href)).status, 302);
          const { value } = sessionOf(browser);
          assert.equal(await finisher.carryOut(order), "done");
          await assertUseless(world, value);
        });
      },
    );
  }
});
