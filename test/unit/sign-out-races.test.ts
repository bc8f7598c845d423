import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sidKeyOf, subjectKeyOf } from "../../shared/account/index-entry.ts";
import type { SigningOut } from "../../shared/sign-out/defer.ts";
import { openSession } from "../../shared/sign-in/open-session.ts";
import type { ResolvedSession } from "../../shared/session/resolve.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { carryOut } from "../../shared/sign-out/carry-out.ts";
import { endOneSession, signOutHere } from "../../shared/sign-out/by-person.ts";
import { signOutBackChannel } from "../../shared/sign-out/back-channel.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, signedIn, testApp, type TestApp } from "./support/app.ts";
import { condition } from "./support/conditions.ts";
import { once } from "./support/memory-store.ts";
import { aMinuteAgo, aMomentLater, isSignedIn, signIn, visit } from "./support/sessions.ts";

const frontChannel = (app: TestApp, sid: string) => signOutFrontChannel(app, sid, invocation());
const session = async (app: TestApp, cookie: SessionCookie) =>
  (await visit(app, cookie)) ?? assert.fail("not signed in");
const unavailable = () => {
  throw new StoreUnavailableError("test");
};

describe("a sign-out begun elsewhere reaches every session of its sid", () => {
  /*
   * tab A: POST /auth/logout        deletes the account's document
   * tab B: callback, same sid       creates a document, leads the sid to it
   * later: front-channel sign-out   must find tab B's session
   */
  test("also one that began while another tab signed out here", async () => {
    const app = testApp();
    const tabA = await session(app, await signIn(app, "ada", { sid: "s" }));
    const under = app.memory.sids.asked.length;
    await signOutHere(app, tabA, invocation());
    assert.equal(app.memory.sids.asked.length, under, "a sign-out here has nothing to do in the index");
    const tabB = await signIn(app, "ada", { sid: "s", startedAt: aMinuteAgo() });
    assert.ok(await isSignedIn(app, tabB));
    await frontChannel(app, "s");
    assert.equal(await isSignedIn(app, tabB), false);
  });

  /* two sessions share the sid; one is ended from the list; then the front-channel sign-out comes */
  test("also when one of them was ended from the list before", async () => {
    const app = testApp();
    const [first, second] = [await signIn(app, "ada", { sid: "s" }), await signIn(app, "ada", { sid: "s" })];
    await endOneSession(app, await session(app, first), second.sessionKey, invocation());
    await frontChannel(app, "s");
    assert.equal(await isSignedIn(app, first), false);
  });

  /*
   * callback for Bob, sid of Ada's session   leads the sid to Bob, then cannot end Ada's session: store trouble
   * Bob's sign-in is refused, Ada's session lives on
   * front-channel sign-out                   must still find Ada
   */
  test("also when another account's sign-in in the same browser failed half-way", async () => {
    const app = testApp();
    const ada = await signIn(app, "ada", { sid: "s" });
    app.memory.accounts.before = (kind, id) => (kind === "delete" && id === ada.accountKey ? unavailable() : undefined);
    await assert.rejects(signIn(app, "bob", { sid: "s" }));
    app.memory.accounts.before = () => undefined;
    await frontChannel(app, "s");
    assert.equal(await isSignedIn(app, ada), false);
  });

  /* …and when Bob tries again, Ada's session in this browser's session of the identity provider ends */
  test("also when that sign-in is then repeated", async () => {
    const app = testApp();
    const ada = await signIn(app, "ada", { sid: "s" });
    app.memory.accounts.before = (kind, id) => (kind === "delete" && id === ada.accountKey ? unavailable() : undefined);
    await assert.rejects(signIn(app, "bob", { sid: "s" }));
    app.memory.accounts.before = () => undefined;
    await signIn(app, "bob", { sid: "s" });
    assert.equal(await isSignedIn(app, ada), false);
  });
});

const named = { issuer: "https://idp.example", subject: "u" };

/** With the tolerance for clocks that differ: now. */
const halfAMinuteAgo = (): string => new Date(Date.now() - 30_000).toISOString();

function openUnderSubject(app: TestApp, startedAt: number): Promise<SessionCookie> {
  const person = { ...signedIn("ada", "s"), subject: { issuer: named.issuer, sub: named.subject } };
  return openSession(app, { signedIn: person, userAgent: "", startedAt, previous: undefined }, invocation());
}

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
  test("ends the session", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    await finish(app, await halfDone(app, "s"));
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("ends the session also after the mark on its sid has expired", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const order = await halfDone(app, "s");
    await app.memory.sids.delete(sidKeyOf(app.authority.url, "s"), undefined, new AbortController().signal);
    await finish(app, order);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("knows the account, once that was found, also when the index knows it no more", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const order = await halfDone(app, "s");
    assert.equal(order.accountKey, cookie.accountKey);
    await app.memory.sids.delete(sidKeyOf(app.authority.url, "s"), undefined, new AbortController().signal);
    await finish(app, order);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  /** A front-channel sign-out, or a logout token for a subject, that cannot even mark the index. */
  const unmarked: readonly [what: string, ask: (app: TestApp, asked: SigningOut) => Promise<unknown>][] = [
    ["by sid", (app, asked) => signOutFrontChannel(app, "s", asked)],
    [
      "by subject",
      (app, asked) =>
        signOutBackChannel(app, { ...named, sid: undefined, jti: "j", issuedAt: halfAMinuteAgo() }, asked),
    ],
  ];
  for (const [what, ask] of unmarked) {
    async function deferredUnmarked(app: TestApp): Promise<Parameters<typeof carryOut>[1]> {
      const asked = invocation();
      app.memory.sids.before = unavailable;
      await assert.rejects(ask(app, asked));
      app.memory.sids.before = () => undefined;
      return asked.orders[0] ?? assert.fail("nothing was handed on");
    }

    test(`${what}: finds the account by the index, and marks it for the time of asking`, async () => {
      const app = testApp();
      const cookie = await openUnderSubject(app, aMinuteAgo());
      const order = await deferredUnmarked(app);
      assert.equal(order.accountKey, null);
      await finish(app, order);
      assert.equal(await isSignedIn(app, cookie), false);
    });

    /* sign-out: asked for, and left for later | callback: completes | the queue's function */
    test(`${what}: ends the session of a sign-in that was in the callback when it was asked for`, async () => {
      const app = testApp();
      const startedAt = aMinuteAgo();
      const order = await deferredUnmarked(app);
      await aMomentLater();
      const cookie = await openUnderSubject(app, startedAt);
      await finish(app, order);
      assert.equal(await isSignedIn(app, cookie), false);
    });

    /* sign-out: asked for, and left for later | the queue's function | callback: completes */
    test(`${what}: refuses a sign-in that was in the callback when it was asked for, and still is`, async () => {
      const app = testApp();
      const startedAt = aMinuteAgo();
      await finish(app, await deferredUnmarked(app));
      await assert.rejects(openUnderSubject(app, startedAt), condition("signin_signed_out"));
      assert.equal(app.memory.accounts.documents.size, 0);
    });

    test(`${what}: refuses no sign-in that began after it was asked for`, async () => {
      const app = testApp();
      const order = await deferredUnmarked(app);
      await aMomentLater();
      const cookie = await openUnderSubject(app, Date.now());
      await finish(app, order);
      assert.ok(await isSignedIn(app, cookie));
      await finish(app, await deferredUnmarked(app));
    });
  }

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
    await aMomentLater();
    const fresh = await signIn(app, "ada", { sid: "s", previous: old });
    await finish(app, order);
    assert.ok(await isSignedIn(app, fresh), "the new session was ended by the old order");
    const entry = app.memory.sids.documents.get(sidKeyOf(app.authority.url, "s"));
    assert.ok((entry?.ttl ?? 0) > 15 * 60, "gone in 15 minutes, and the session out of reach");
    await frontChannel(app, "s");
    assert.equal(await isSignedIn(app, fresh), false);
  });
});

/** Ada's laptop, her phone, and room for no third: the next sign-in takes the laptop's place. */
async function full(): Promise<{ app: TestApp; laptop: ResolvedSession; phone: SessionCookie }> {
  const app = testApp({ Session__MaxPerAccount: "2" });
  const laptop = await signIn(app, "ada", { sid: "laptop" });
  await aMomentLater();
  const phone = await signIn(app, "ada", { sid: "phone" });
  return { app, laptop: await session(app, laptop), phone };
}

describe("a sign-out of the account is not lost on a session that gives way to a new one meanwhile", () => {
  /*
   * laptop: POST /auth/logout   reads
   * tablet: callback            writes its session, and drops the laptop's
   * laptop: POST /auth/logout   conflict
   */
  test("while it is carried out", async () => {
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
    test(`before it is finished later, begun ${way}`, async () => {
      const { app, laptop, phone } = await full();
      const asked = invocation();
      app.memory.accounts.before = (kind) => (kind === "delete" ? unavailable() : undefined);
      await assert.rejects(async () => signOut(app, laptop, asked), condition("signout_deferred"));
      app.memory.accounts.before = () => undefined;
      await aMomentLater();
      const tablet = await signIn(app, "ada", { sid: "tablet" });
      await finish(app, asked.orders[0] ?? assert.fail("nothing was handed on"));
      assert.equal(await isSignedIn(app, phone), false);
      assert.ok(await isSignedIn(app, tablet), "a sign-in that is newer than the sign-out was ended");
    });
  }
});

/*
 * tab A: POST /auth/logout   reads
 * tab B: callback            replaces the browser's session; its answer, with the new cookie, is under way
 * tab A: POST /auth/logout   conflict
 */
test("a sign-out is not lost on a sign-in in the same browser, also without a sid", async () => {
  const app = testApp();
  const old = await signIn(app, "ada");
  const tabA = await session(app, old);
  const tabB = Promise.withResolvers<SessionCookie>();
  once(app.memory.accounts, "delete", async () => tabB.resolve(await signIn(app, "ada", { previous: old })));
  await signOutHere(app, tabA, invocation());
  assert.equal(await isSignedIn(app, await tabB.promise), false);
});

/*
 * callback: writes the session
 * back-channel sign-out by subject   finds no entry for the subject yet
 * callback: leads the subject to the account
 */
test("a back-channel sign-out by subject is not lost on a sign-in that is just completing", async () => {
  const app = testApp();
  const issuer = "https://idp.example";
  const token = {
    issuer,
    sid: undefined,
    subject: "u",
    jti: "j",
    issuedAt: new Date(Date.now() + 1_000).toISOString(),
  };
  const key = subjectKeyOf(issuer, "u");
  let done = false;
  app.memory.sids.before = async (kind, id) => {
    if (done || kind !== "create" || id !== key) return;
    done = true;
    await signOutBackChannel(app, token, invocation());
  };
  const subject = { issuer, sub: "u" };
  const opened = { signedIn: { ...signedIn("ada"), subject }, userAgent: "", startedAt: aMinuteAgo() };
  const opening = openSession(app, { ...opened, previous: undefined }, invocation());
  await assert.rejects(opening, condition("signin_signed_out"));
  assert.ok(done);
  assert.equal(app.memory.accounts.documents.size, 0, "a document was left behind");
});
