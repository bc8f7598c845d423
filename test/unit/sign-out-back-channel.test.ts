import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LogoutToken } from "../../shared/identity/logout-token.ts";
import { openSession } from "../../shared/sign-in/open-session.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { finishSignOut } from "../../shared/sign-out/finish-sign-out.ts";
import { signOutBackChannel } from "../../shared/sign-out/back-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, signedIn, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { aMinuteAgo, aMomentLater, isSignedIn } from "./support/sessions.ts";

const bySession = { SignOut__Scope: "session" };

const logoutToken = (changes: Partial<LogoutToken>): LogoutToken => ({
  issuer: "https://idp.example",
  sid: undefined,
  subject: undefined,
  jti: "token-1",
  issuedAt: new Date().toISOString(),
  ...changes,
});

async function openAda(app: TestApp, sid: string, startedAt?: number): Promise<SessionCookie> {
  const opened = {
    signedIn: { ...signedIn("ada", sid), subject: { issuer: "https://idp.example", sub: "u" } },
    userAgent: "",
    startedAt: startedAt ?? (await aMomentLater()),
    previous: undefined,
  };
  return openSession(app, opened, invocation());
}

describe("a back-channel sign-out", () => {
  test("for a sid ends the sessions of that sid", async () => {
    const app = testApp(bySession);
    const [laptop, phone] = [await openAda(app, "laptop"), await openAda(app, "phone")];
    await signOutBackChannel(app, logoutToken({ sid: "laptop" }), invocation());
    assert.deepEqual([await isSignedIn(app, laptop), await isSignedIn(app, phone)], [false, true]);
  });

  test("for a subject ends everything of it, whatever the scope", async () => {
    const app = testApp(bySession);
    const cookies = [await openAda(app, "1"), await openAda(app, "2")];
    await signOutBackChannel(app, logoutToken({ subject: "u" }), invocation());
    for (const cookie of cookies) assert.equal(await isSignedIn(app, cookie), false);
  });

  test("for a subject of another issuer ends nothing", async () => {
    const app = testApp();
    const cookie = await openAda(app, "1");
    await signOutBackChannel(app, logoutToken({ subject: "u", issuer: "https://other.example" }), invocation());
    assert.ok(await isSignedIn(app, cookie));
  });

  test("with a token that was used before is refused", async () => {
    const app = testApp();
    for (const whom of [{ sid: "1" }, { subject: "u" }]) {
      await signOutBackChannel(app, logoutToken(whom), invocation());
      const again = signOutBackChannel(app, logoutToken(whom), invocation());
      await assert.rejects(again, isProblem("logout_token_invalid"));
    }
  });

  test("with a token that was used before is refused, also after its person has signed in again", async () => {
    for (const whom of [{ sid: "1" }, { subject: "u" }]) {
      const app = testApp();
      await openAda(app, "1");
      await signOutBackChannel(app, logoutToken(whom), invocation());
      const cookie = await openAda(app, "1");
      const again = invocation();
      await assert.rejects(signOutBackChannel(app, logoutToken(whom), again), isProblem("logout_token_invalid"));
      assert.deepEqual(again.orders, []);
      assert.ok(await isSignedIn(app, cookie));
    }
  });

  /*
   * logout token: ends Ada's session
   * Ada signs in again
   * logout token, again: the store fails, and the order goes to the queue
   * the queue: Ada's new session must stay
   */
  test("with a token that was used before, finished later, ends no session that began since its first receipt", async () => {
    for (const whom of [{ sid: "1" }, { subject: "u" }]) {
      const app = testApp();
      await openAda(app, "1");
      await signOutBackChannel(app, logoutToken(whom), invocation());
      const cookie = await openAda(app, "1");
      await aMomentLater();
      const again = invocation();
      app.memory.accounts.before = () => {
        throw new StoreUnavailableError("test");
      };
      await assert.rejects(signOutBackChannel(app, logoutToken(whom), again), isProblem("signout_deferred"));
      app.memory.accounts.before = () => undefined;
      await finishSignOut(app, again.orders[0] ?? assert.fail("nothing was handed on"), invocation());
      assert.ok(await isSignedIn(app, cookie));
    }
  });

  test("by subject spares a session that began well after the token was issued", async () => {
    const app = testApp();
    const cookie = await openAda(app, "1");
    const issuedAt = new Date(Date.now() - 301_000).toISOString();
    await signOutBackChannel(app, logoutToken({ subject: "u", issuedAt }), invocation());
    assert.ok(await isSignedIn(app, cookie));
  });

  /* The app's clock is ahead of the identity provider's, by as much as tokens are accepted with. */
  for (const whom of [{ subject: "u" }, { sid: "1" }]) {
    test(`by ${Object.keys(whom)[0]} ends a session that was there when the token was issued, as far as two clocks can tell`, async () => {
      const app = testApp();
      const cookie = await openAda(app, "1");
      const issuedAt = new Date(Date.now() - 290_000).toISOString();
      await signOutBackChannel(app, logoutToken({ ...whom, issuedAt }), invocation());
      assert.equal(await isSignedIn(app, cookie), false);
    });
  }

  test("by subject refuses a sign-in that was under way, and none that is begun afterwards", async () => {
    const app = testApp();
    await signOutBackChannel(app, logoutToken({ subject: "u" }), invocation());
    await assert.rejects(openAda(app, "1", aMinuteAgo()), isProblem("signin_signed_out"));
    assert.equal(app.memory.accounts.documents.size, 0);
    assert.ok(await isSignedIn(app, await openAda(app, "1")));
  });
});
