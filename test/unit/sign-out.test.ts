import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signOutBackChannel } from "../../shared/sign-out/back-channel.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { signOutHere, endAllSessions, endOneSession } from "../../shared/sign-out/by-person.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import type { LogoutToken } from "../../shared/identity/logout-token.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { tenantId } from "./support/environment.ts";
import { once } from "./support/memory-store.ts";
import { isSignedIn, signIn, visit, type OpenedSession } from "./support/sessions.ts";

const bySession = { SignOut__Scope: "session" };

/** Ada in three browsers, two of them in one session of the identity provider, and Bob. */
async function world(
  settings = {},
): Promise<{ app: TestApp; laptop: OpenedSession; tab: OpenedSession; phone: OpenedSession; bob: OpenedSession }> {
  const app = testApp(settings);
  return {
    app,
    laptop: await signIn(app, "ada", { sid: "laptop" }),
    tab: await signIn(app, "ada", { sid: "laptop" }),
    phone: await signIn(app, "ada", { sid: "phone" }),
    bob: await signIn(app, "bob", { sid: "bob" }),
  };
}

async function signedInOf({ app, ...cookies }: Awaited<ReturnType<typeof world>>): Promise<string[]> {
  const names = await Promise.all(
    Object.entries(cookies).map(async ([name, cookie]) => ((await isSignedIn(app, cookie)) ? [name] : [])),
  );
  return names.flat();
}

const session = async (app: TestApp, cookie: SessionCookie) =>
  (await visit(app, cookie)) ?? assert.fail("not signed in");

describe("signing out in the app", () => {
  test("ends every session of the account", async () => {
    const all = await world();
    const result = await signOutHere(all.app, await session(all.app, all.laptop), invocation());
    assert.deepEqual(result, { outcome: "account_deleted", sessionsRemoved: 3 });
    assert.deepEqual(await signedInOf(all), ["bob"]);
  });

  test("under the scope session ends this browser's", async () => {
    const all = await world(bySession);
    const result = await signOutHere(all.app, await session(all.app, all.laptop), invocation());
    assert.deepEqual(result, { outcome: "sessions_removed", sessionsRemoved: 2 });
    assert.deepEqual(await signedInOf(all), ["phone", "bob"]);
  });

  test("under the scope session the last one out takes the document", async () => {
    const app = testApp(bySession);
    const cookie = await signIn(app, "ada", { sid: "s" });
    const result = await signOutHere(app, await session(app, cookie), invocation());
    assert.deepEqual(result, { outcome: "account_deleted", sessionsRemoved: 1 });
    assert.equal(app.memory.accounts.documents.size, 0);
  });

  test("in both browsers at once ends both, once", async () => {
    const all = await world();
    const [laptop, phone] = [await session(all.app, all.laptop), await session(all.app, all.phone)];
    const results = await Promise.all([laptop, phone].map((one) => signOutHere(all.app, one, invocation())));
    assert.deepEqual(results.map(({ outcome }) => outcome).sort(), ["account_deleted", "nothing"]);
  });

  test("does not end a session that began after this one was gone", async () => {
    const app = testApp();
    const old = await session(app, await signIn(app, "ada", { sid: "s" }));
    await purgeAccount(app, `ada.${tenantId}`, invocation());
    const fresh = await signIn(app, "ada", { sid: "t" });
    assert.equal((await signOutHere(app, old, invocation())).outcome, "nothing");
    assert.ok(await isSignedIn(app, fresh));
  });
});

describe("a front-channel sign-out", () => {
  test("finds the account by sid alone", async () => {
    const all = await world();
    const result = await signOutFrontChannel(all.app, "laptop", invocation());
    assert.deepEqual(result, { outcome: "account_deleted", sessionsRemoved: 3 });
    assert.deepEqual(await signedInOf(all), ["bob"]);
  });

  test("under the scope session ends the sessions of that sid", async () => {
    const all = await world(bySession);
    await signOutFrontChannel(all.app, "laptop", invocation());
    assert.deepEqual(await signedInOf(all), ["phone", "bob"]);
  });

  test("takes at most four operations of the store", async () => {
    const all = await world();
    const { accounts, sids } = all.app.memory;
    const before = accounts.asked.length + sids.asked.length;
    await signOutFrontChannel(all.app, "laptop", invocation());
    assert.ok(accounts.asked.length + sids.asked.length - before <= 4);
  });

  test("for an unknown sid, or twice for one, changes nothing", async () => {
    const all = await world(bySession);
    await signOutFrontChannel(all.app, "laptop", invocation());
    for (const sid of ["unknown", "laptop", "LAPTOP", "", "laptop\n"]) {
      assert.equal((await signOutFrontChannel(all.app, sid, invocation())).outcome, "nothing", sid);
    }
    assert.deepEqual(await signedInOf(all), ["phone", "bob"]);
  });

  test("for an older session's sid does not end a newer session", async () => {
    const app = testApp();
    const old = await signIn(app, "ada", { sid: "old" });
    const fresh = await signIn(app, "ada", { sid: "new", previous: old });
    assert.equal((await signOutFrontChannel(app, "old", invocation())).outcome, "nothing");
    assert.ok(await isSignedIn(app, fresh));
  });
});

describe("ending sessions from the list", () => {
  test("ends the chosen one alone, also under the scope account", async () => {
    const all = await world();
    await endOneSession(all.app, await session(all.app, all.laptop), all.phone.sessionKey, invocation());
    assert.deepEqual(await signedInOf(all), ["laptop", "tab", "bob"]);
  });

  test("ends all of them, also under the scope session", async () => {
    const all = await world(bySession);
    await endAllSessions(all.app, await session(all.app, all.laptop), invocation());
    assert.deepEqual(await signedInOf(all), ["bob"]);
  });
});

test("an administrator's purge removes the account, however its id is spelled, and nobody else's", async () => {
  const all = await world(bySession);
  await purgeAccount(all.app, `ADA.${tenantId.toUpperCase()}`, invocation());
  assert.deepEqual(await signedInOf(all), ["bob"]);
  assert.equal((await purgeAccount(all.app, "nobody.x", invocation())).outcome, "nothing");
});

const fail = () => {
  throw new StoreUnavailableError("delete in accounts");
};

describe("a sign-out that the store does not take", () => {
  test("is reported to who asked, counted, and handed on with hashes only", async () => {
    const { app, laptop } = await world();
    const open = await session(app, laptop);
    once(app.memory.accounts, "delete", fail);
    const asked = invocation();
    await assert.rejects(signOutHere(app, open, asked), isProblem("signout_deferred"));
    assert.deepEqual(
      asked.events.map(({ level, event }) => [level, event]),
      [
        ["error", "signout"],
        ["warn", "signout_deferred"],
      ],
    );
    const [order] = asked.orders;
    assert.equal(order?.sessionKey, laptop.sessionKey);
    assert.doesNotMatch(JSON.stringify(asked), new RegExp(laptop.secret));
  });

  test("is handed on with the account, if that was found before the store failed", async () => {
    const { app, laptop } = await world();
    app.memory.accounts.before = fail;
    const token = { issuer: "i", sid: "laptop", subject: undefined, jti: "j", issuedAt: new Date().toISOString() };
    const attempts = [
      (asked: ReturnType<typeof invocation>) => signOutFrontChannel(app, "laptop", asked),
      (asked: ReturnType<typeof invocation>) => signOutBackChannel(app, token, asked),
    ];
    for (const attempt of attempts) {
      const asked = invocation();
      await assert.rejects(attempt(asked), isProblem("signout_deferred"));
      assert.equal(asked.orders[0]?.accountKey, laptop.accountKey);
    }
    app.memory.sids.before = fail;
    const asked = invocation();
    await assert.rejects(signOutFrontChannel(app, "laptop", asked), isProblem("signout_deferred"));
    assert.equal(asked.orders[0]?.accountKey, null);
  });

  test("is handed on wherever it began", async () => {
    const { app, phone } = await world();
    const open = await session(app, phone);
    const token: LogoutToken = {
      issuer: "i",
      sid: undefined,
      subject: "u",
      jti: "j",
      issuedAt: new Date().toISOString(),
    };
    app.memory.accounts.before = fail;
    app.memory.sids.before = fail;
    const attempts = [
      (asked: ReturnType<typeof invocation>) => signOutFrontChannel(app, "laptop", asked),
      (asked: ReturnType<typeof invocation>) => signOutBackChannel(app, token, asked),
      (asked: ReturnType<typeof invocation>) => signOutBackChannel(app, { ...token, sid: "s" }, asked),
      (asked: ReturnType<typeof invocation>) => purgeAccount(app, "ada.x", asked),
      (asked: ReturnType<typeof invocation>) => endAllSessions(app, open, asked),
      (asked: ReturnType<typeof invocation>) => endOneSession(app, open, phone.sessionKey, asked),
    ];
    for (const attempt of attempts) {
      const asked = invocation();
      await assert.rejects(attempt(asked), isProblem("signout_deferred"));
      assert.equal(asked.orders.length, 1);
    }
  });
});
