import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { logout } from "../../functions/logout.ts";
import type { AccountDocument, StoredSession } from "../../shared/account/document.ts";
import { formatSessionCookie, type SessionCookie } from "../../shared/session/cookie.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import { finishSignOut } from "../../shared/sign-out/finish-sign-out.ts";
import { deferSignOutHere } from "../../shared/sign-out/by-person.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { call, type Exchange } from "./support/http.ts";
import { isSignedIn, signIn, storedKeys } from "./support/sessions.ts";

const post = (app: TestApp, cookie: SessionCookie): Promise<Exchange> =>
  call(app, logout, {
    headers: {
      cookie: `__Host-session=${formatSessionCookie(cookie)}`,
      origin: "https://app.example",
      "sec-fetch-site": "same-origin",
    },
  });

const unavailable = () => {
  throw new StoreUnavailableError("test");
};

/** Runs while the store takes nothing at all. */
async function whileStoreIsDown(app: TestApp, action: () => Promise<unknown>): Promise<void> {
  app.memory.accounts.before = unavailable;
  app.memory.sids.before = unavailable;
  await assert.rejects(action(), isProblem("signout_deferred"));
  app.memory.accounts.before = () => undefined;
  app.memory.sids.before = () => undefined;
}

const finish = (app: TestApp, order: SignOutOrder | undefined) =>
  finishSignOut(app, order ?? assert.fail("nothing was handed on"), invocation());

/** Changes a session in the store, as time or another version of the app would. */
async function rewrite(app: TestApp, cookie: SessionCookie & { sessionKey: string }, changes: Partial<StoredSession>) {
  const { signal } = invocation();
  const current = (await app.memory.accounts.read(cookie.accountKey, signal)) ?? assert.fail("no document");
  const session = current.document.sessions[cookie.sessionKey] ?? assert.fail("no session");
  const sessions = { ...current.document.sessions, [cookie.sessionKey]: { ...session, ...changes } };
  const document: AccountDocument = { ...current.document, sessions };
  await app.memory.accounts.replace(document, current.etag, signal);
}

/** Whoever shows the secret of a session that is there may end it; more only as long as it is not over. */
describe("a sign-out with the cookie of a session that is there, and opens nothing here", () => {
  const reasons: readonly [reason: string, changes: Partial<StoredSession>, isOver: boolean][] = [
    ["it has not been used for long", { lastSeenAt: new Date(0).toISOString() }, true],
    ["its time is over", { expiresAt: new Date(0).toISOString() }, true],
    ["its seal is of another version", { sealed: "sealed otherwise" }, false],
  ];
  for (const [reason, changes, isOver] of reasons) {
    test(`because ${reason}: nothing of it stays`, async () => {
      const app = testApp({ SignOut__Scope: "session" });
      const laptop = await signIn(app, "ada", { sid: "laptop" });
      const phone = await signIn(app, "ada", { sid: "phone" });
      await rewrite(app, laptop, changes);
      assert.equal((await post(app, laptop)).response.status, 303);
      assert.deepEqual(storedKeys(app, phone), [phone.sessionKey]);
    });

    const otherwise = isOver ? "the account stays signed in elsewhere" : "the account is signed out";
    test(`because ${reason}: where the setting says so, ${otherwise}`, async () => {
      const app = testApp();
      const laptop = await signIn(app, "ada", { sid: "laptop" });
      const phone = await signIn(app, "ada", { sid: "phone" });
      await rewrite(app, laptop, changes);
      await post(app, laptop);
      assert.equal(await isSignedIn(app, phone), isOver);
      assert.ok(!storedKeys(app, phone)?.includes(laptop.sessionKey));
    });
  }
});

describe("a sign-out that the store did not take, finished later", () => {
  test("ends the browser's other sessions too: those of the same sid", async () => {
    const app = testApp({ SignOut__Scope: "session" });
    const [earlier, current] = [await signIn(app, "ada", { sid: "s" }), await signIn(app, "ada", { sid: "s" })];
    const phone = await signIn(app, "ada", { sid: "t" });
    const asked = invocation();
    await deferSignOutHere(app, current, "scope", asked, undefined);
    await finish(app, asked.orders[0]);
    assert.deepEqual(await Promise.all([earlier, current, phone].map((cookie) => isSignedIn(app, cookie))), [
      false,
      false,
      true,
    ]);
  });

  /*
   * front-channel sign-out for the laptop   the store answers nothing
   * laptop: callback                        replaces the session that was meant
   * the order is finished                   the phone was meant, too
   */
  for (const sid of ["laptop", "laptop, later"]) {
    test(`ends the account's sessions of that time, also if the laptop has signed in anew under the sid ${sid}`, async () => {
      const app = testApp();
      const laptop = await signIn(app, "ada", { sid: "laptop" });
      const phone = await signIn(app, "ada", { sid: "phone" });
      const asked = invocation();
      await whileStoreIsDown(app, () => signOutFrontChannel(app, "laptop", asked));
      const fresh = await signIn(app, "ada", { sid, previous: laptop });
      await finish(app, asked.orders[0]);
      assert.equal(await isSignedIn(app, phone), false);
      assert.ok(await isSignedIn(app, fresh), "a sign-in that is newer than the sign-out was ended");
    });
  }

  test("ends them also if another tab of the browser has signed in anew", async () => {
    const app = testApp();
    const [laptop, phone] = [await signIn(app, "ada"), await signIn(app, "ada")];
    const asked = invocation();
    await deferSignOutHere(app, laptop, "scope", asked, undefined);
    const fresh = await signIn(app, "ada", { previous: laptop });
    await finish(app, asked.orders[0]);
    assert.deepEqual([await isSignedIn(app, phone), await isSignedIn(app, fresh)], [false, true]);
  });
});
