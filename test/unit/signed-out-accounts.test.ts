import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { personKeyOf } from "../../shared/account/index-entry.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { carryOut } from "../../shared/sign-out/carry-out.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { tenantId } from "./support/environment.ts";
import { isProblem } from "./support/is-problem.ts";
import { once } from "./support/memory-store.ts";
import { aMinuteAgo, isSignedIn, signIn } from "./support/sessions.ts";

const purge = (app: TestApp, asked = invocation()) => purgeAccount(app, `ada.${tenantId}`, asked);
const refused = isProblem("signin_signed_out");
const underWay = (sid: string) => ({ sid, startedAt: aMinuteAgo() });

/**
 * The sign-in has redeemed its code, and knows nothing of the purge. Guard: the purge marks the person's entry before it reads the
 * account, and the callback looks at the entry after it has written the session.
 */
describe("a purge refuses sign-ins that are under way", () => {
  test("first sign-in | purge | its callback: refused, and nothing is stored", async () => {
    const app = testApp();
    assert.equal((await purge(app)).outcome, "nothing");
    await assert.rejects(signIn(app, "ada", underWay("s")), refused);
    assert.equal(app.memory.accounts.documents.size, 0);
  });

  test("callback writes | purge | callback looks at the mark: refused, and nothing is stored", async () => {
    const app = testApp();
    once(app.memory.sids, "read", () => purge(app));
    await assert.rejects(signIn(app, "ada", underWay("s")), refused);
    assert.equal(app.memory.accounts.documents.size, 0);
  });

  test("callback looks at the mark | purge | callback answers: the cookie that arrives opens nothing", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", underWay("s"));
    assert.equal((await purge(app)).outcome, "account_deleted");
    assert.equal(await isSignedIn(app, cookie), false);
    assert.equal(app.memory.accounts.documents.size, 0);
  });

  test("purge reads | a sign-in from before writes, is refused | purge deletes: nothing is stored", async () => {
    const app = testApp();
    await signIn(app, "ada", { sid: "1" });
    once(app.memory.accounts, "delete", async () => {
      await assert.rejects(signIn(app, "ada", underWay("2")), refused);
    });
    assert.equal((await purge(app)).outcome, "account_deleted");
    assert.equal(app.memory.accounts.documents.size, 0);
  });

  test("purge reads | a sign-in begun since completes | purge deletes: only the new session is there", async () => {
    const app = testApp();
    const [laptop, later] = [await signIn(app, "ada", { sid: "1" }), Promise.withResolvers<SessionCookie>()];
    once(app.memory.accounts, "delete", async () => {
      later.resolve(await signIn(app, "ada", { sid: "2" }));
    });
    await purge(app);
    assert.equal(await isSignedIn(app, laptop), false);
    assert.ok(await isSignedIn(app, await later.promise));
  });

  test("purge cannot mark, waits in the queue | a sign-in from before completes | it is finished: that session is gone, a newer one stays", async () => {
    const app = testApp();
    const asked = invocation();
    app.memory.sids.before = () => {
      throw new StoreUnavailableError("test");
    };
    await assert.rejects(purge(app, asked), isProblem("signout_deferred"));
    app.memory.sids.before = () => undefined;
    const old = await signIn(app, "ada", underWay("1"));
    const newer = await signIn(app, "ada", { sid: "2" });
    await carryOut(app, asked.orders[0] ?? assert.fail("nothing was handed on"), invocation(), { late: true });
    assert.deepEqual([await isSignedIn(app, old), await isSignedIn(app, newer)], [false, true]);
  });

  test("purge | a sign-in begun later: it works, and one from before is still refused", async () => {
    const app = testApp();
    await purge(app);
    const cookie = await signIn(app, "ada", { sid: "1" });
    await assert.rejects(signIn(app, "ada", underWay("2")), refused);
    assert.ok(await isSignedIn(app, cookie));
  });
});

test("a purge takes four operations of the store, leaves no document, and a mark that names nobody", async () => {
  const app = testApp();
  await signIn(app, "ada", { sid: "1" });
  const before = { accounts: app.memory.accounts.asked.length, sids: app.memory.sids.asked.length };
  await purge(app);
  assert.deepEqual(app.memory.sids.asked.slice(before.sids), ["read", "create"]);
  assert.deepEqual(app.memory.accounts.asked.slice(before.accounts), ["read", "delete"]);
  assert.equal(app.memory.accounts.documents.size, 0);
  const mark = app.memory.sids.documents.get(personKeyOf(app.authority.environment, `ada.${tenantId}`));
  assert.deepEqual([mark?.accountKey, mark?.ttl], [null, 16 * 60]);
});
