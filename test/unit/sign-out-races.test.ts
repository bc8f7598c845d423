import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sidKeyOf } from "../../shared/account/index-entry.ts";
import type { SigningOut } from "../../shared/sign-out/defer.ts";
import type { ResolvedSession } from "../../shared/session/resolve.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { carryOut } from "../../shared/sign-out/carry-out.ts";
import { signOutHere } from "../../shared/sign-out/by-person.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { once } from "./support/memory-store.ts";
import { isSignedIn, signIn, visit } from "./support/sessions.ts";

const frontChannel = (app: TestApp, sid: string) => signOutFrontChannel(app, sid, invocation());
const session = async (app: TestApp, cookie: SessionCookie) =>
  (await visit(app, cookie)) ?? assert.fail("not signed in");
const unavailable = () => {
  throw new StoreUnavailableError("test");
};

/** A `sid` that comes to another account while the store is in trouble: the earlier session stays within reach. */
describe("a sign-out begun elsewhere reaches every session of its sid", () => {
  test("another account's callback takes the sid, cannot end the first one's session, is refused | front-channel: that session ends", async () => {
    const app = testApp();
    const ada = await signIn(app, "ada", { sid: "s" });
    app.memory.accounts.before = (kind, id) => (kind === "delete" && id === ada.accountKey ? unavailable() : undefined);
    await assert.rejects(signIn(app, "bob", { sid: "s" }));
    app.memory.accounts.before = () => undefined;
    await frontChannel(app, "s");
    assert.equal(await isSignedIn(app, ada), false);
  });

  test("another account's callback takes the sid, cannot end the first one's session, is refused | signs in again: that session ends", async () => {
    const app = testApp();
    const ada = await signIn(app, "ada", { sid: "s" });
    app.memory.accounts.before = (kind, id) => (kind === "delete" && id === ada.accountKey ? unavailable() : undefined);
    await assert.rejects(signIn(app, "bob", { sid: "s" }));
    app.memory.accounts.before = () => undefined;
    await signIn(app, "bob", { sid: "s" });
    assert.equal(await isSignedIn(app, ada), false);
  });
});

/** A front-channel sign-out that marks the sid and then cannot reach the account's document. */
async function halfDone(app: TestApp, sid: string): Promise<Parameters<typeof carryOut>[1]> {
  const asked = invocation();
  app.memory.accounts.before = unavailable;
  await assert.rejects(signOutFrontChannel(app, sid, asked));
  app.memory.accounts.before = () => undefined;
  return asked.orders[0] ?? assert.fail("nothing was handed on");
}

const finish = (app: TestApp, order: Parameters<typeof carryOut>[1]) =>
  carryOut(app, order, invocation(), { late: true });

describe("a sign-out that is finished later", () => {
  test("knows the account, once that was found, also when the index knows it no more", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const order = await halfDone(app, "s");
    assert.equal(order.accountKey, cookie.accountKey);
    await app.memory.sids.delete(sidKeyOf(app.authority.url, "s"), undefined, new AbortController().signal);
    await finish(app, order);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("can be finished twice", async () => {
    const app = testApp();
    await signIn(app, "ada", { sid: "s" });
    const order = await halfDone(app, "s");
    await finish(app, order);
    assert.equal((await finish(app, order)).outcome, "nothing");
  });

  test("spares a session that began since, and leaves it within reach of the next sign-out", async () => {
    const app = testApp();
    const old = await signIn(app, "ada", { sid: "s" });
    const order = await halfDone(app, "s");
    // The person, who is still signed in at the identity provider, signs in again.
    const fresh = await signIn(app, "ada", { sid: "s", previous: old });
    await finish(app, order);
    assert.ok(await isSignedIn(app, fresh), "the new session was ended by the old order");
    const entry = app.memory.sids.documents.get(sidKeyOf(app.authority.url, "s"));
    assert.ok((entry?.ttl ?? 0) > 16 * 60, "gone in 16 minutes, and the session out of reach");
    await frontChannel(app, "s");
    assert.equal(await isSignedIn(app, fresh), false);
  });
});

/** Ada's laptop, her phone, and room for no third: the next sign-in takes the laptop's place. */
async function full(): Promise<{ app: TestApp; laptop: ResolvedSession; phone: SessionCookie }> {
  const app = testApp({ Session__MaxPerAccount: "2" });
  const laptop = await signIn(app, "ada", { sid: "laptop" });
  const phone = await signIn(app, "ada", { sid: "phone" });
  return { app, laptop: await session(app, laptop), phone };
}

/** The account is full: each sign-in takes the oldest session's place. The sign-out is asked for with just that one. */
describe("a sign-out of the account is not lost on a session that gives way to a new one meanwhile", () => {
  test("sign-out reads | a new sign-in takes its session's place | sign-out deletes: the account's other session ends, too", async () => {
    const { app, laptop, phone } = await full();
    once(app.memory.accounts, "delete", () => signIn(app, "ada", { sid: "tablet" }));
    await signOutHere(app, laptop, invocation());
    assert.equal(await isSignedIn(app, phone), false);
  });

  const ways: readonly [way: string, signOut: (app: TestApp, laptop: ResolvedSession, asked: SigningOut) => unknown][] =
    [
      ["here", (app, laptop, asked) => signOutHere(app, laptop, asked)],
      ["elsewhere", (app, _, asked) => signOutFrontChannel(app, "laptop", asked)],
    ];
  for (const [way, signOut] of ways) {
    test(`sign-out ${way} is left for later | a new sign-in takes its session's place | finisher: the others end, the new one stays`, async () => {
      const { app, laptop, phone } = await full();
      const asked = invocation();
      app.memory.accounts.before = (kind) => (kind === "delete" ? unavailable() : undefined);
      await assert.rejects(async () => signOut(app, laptop, asked), isProblem("signout_deferred"));
      app.memory.accounts.before = () => undefined;
      const tablet = await signIn(app, "ada", { sid: "tablet" });
      await finish(app, asked.orders[0] ?? assert.fail("nothing was handed on"));
      assert.equal(await isSignedIn(app, phone), false);
      assert.ok(await isSignedIn(app, tablet), "a sign-in that is newer than the sign-out was ended");
    });
  }
});

test("sign-out reads | a second tab signs in, without a sid | sign-out deletes: both sessions are gone", async () => {
  const app = testApp();
  const old = await signIn(app, "ada");
  const tabA = await session(app, old);
  const tabB = Promise.withResolvers<SessionCookie>();
  once(app.memory.accounts, "delete", async () => tabB.resolve(await signIn(app, "ada", { previous: old })));
  await signOutHere(app, tabA, invocation());
  assert.equal(await isSignedIn(app, await tabB.promise), false);
});
