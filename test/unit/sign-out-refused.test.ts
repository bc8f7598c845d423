import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { endOneSession } from "../../shared/sign-out/by-person.ts";
import { endRefusedSession } from "../../shared/sign-out/by-app.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { tenantId } from "./support/environment.ts";
import { signIn, storedKeys, visit } from "./support/sessions.ts";

const session = async (app: TestApp, cookie: SessionCookie) =>
  (await visit(app, cookie)) ?? assert.fail("not signed in");

describe("a session that the identity provider renews no more", () => {
  test("ends alone", async () => {
    const app = testApp();
    const [laptop, phone] = [await signIn(app, "ada", { sid: "s" }), await signIn(app, "ada", { sid: "s" })];
    const result = await endRefusedSession(app, await session(app, phone), invocation());
    assert.deepEqual(result, { outcome: "sessions_removed", sessionsRemoved: 1 });
    assert.deepEqual(storedKeys(app, laptop), [laptop.sessionKey]);
  });

  test("ends also when another session of the account was changed meanwhile", async () => {
    const app = testApp();
    const [laptop, tab, phone] = [await signIn(app, "ada"), await signIn(app, "ada"), await signIn(app, "ada")];
    const refused = await session(app, phone);
    await endOneSession(app, await session(app, laptop), tab.sessionKey, invocation());
    await endRefusedSession(app, refused, invocation());
    assert.deepEqual(storedKeys(app, laptop), [laptop.sessionKey]);
  });

  test("is not there any more: nothing is left to end", async () => {
    const app = testApp();
    const refused = await session(app, await signIn(app, "ada"));
    await purgeAccount(app, `ada.${tenantId}`, invocation());
    assert.equal((await endRefusedSession(app, refused, invocation())).outcome, "nothing");
  });
});
