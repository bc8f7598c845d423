import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { carryOut } from "../../shared/sign-out/carry-out.ts";
import { signOutHere } from "../../shared/sign-out/by-person.ts";
import { useSession } from "../../shared/session/use.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { tenantId } from "./support/environment.ts";
import { isProblem } from "./support/is-problem.ts";
import { once } from "./support/memory-store.ts";
import { aMinuteAgo, aMomentLater, isSignedIn, signIn, storedKeys, visit } from "./support/sessions.ts";

const purge = (app: TestApp, asked = invocation()) => purgeAccount(app, `ada.${tenantId}`, asked);
const refused = isProblem("signin_signed_out");
const underWay = (sid: string) => ({ sid, startedAt: aMinuteAgo() });

async function open(app: TestApp, cookie: SessionCookie) {
  return (await visit(app, cookie)) ?? assert.fail("not signed in");
}

/** A purge whose order waits in the queue, because the store failed when it came to `kind`. */
async function leftForLater(app: TestApp, kind: "read" | "replace" | "create") {
  const asked = invocation();
  app.memory.accounts.before = (given) => {
    if (given === kind) throw new StoreUnavailableError("test");
  };
  await assert.rejects(purge(app, asked), isProblem("signout_deferred"));
  app.memory.accounts.before = () => undefined;
  return asked.orders[0] ?? assert.fail("nothing was handed on");
}

/** The sign-in has redeemed its code, and knows nothing of the purge. Guard: the purge marks the account's document. */
describe("a purge refuses sign-ins that are under way", () => {
  test("first sign-in | purge | its callback: refused, and no session is stored", async () => {
    const app = testApp();
    assert.equal((await purge(app)).outcome, "nothing");
    const opening = signIn(app, "ada", underWay("s"));
    await assert.rejects(opening, refused);
    assert.deepEqual(app.memory.accounts.asked, ["read", "create", "read"]);
    assert.equal(app.memory.sids.documents.size, 0);
  });

  test("purge reads | a sign-in from before completes | purge writes: its session is gone, too", async () => {
    const app = testApp();
    const [laptop, later] = [await signIn(app, "ada", { sid: "1" }), Promise.withResolvers<SessionCookie>()];
    once(app.memory.accounts, "replace", async () => {
      later.resolve(await signIn(app, "ada", underWay("2")));
    });
    assert.equal((await purge(app)).sessionsRemoved, 2);
    for (const cookie of [laptop, await later.promise]) assert.equal(await isSignedIn(app, cookie), false);
  });

  test("purge finds nothing | a sign-in from before completes | purge marks: its session is gone", async () => {
    const app = testApp();
    const later = Promise.withResolvers<SessionCookie>();
    once(app.memory.accounts, "create", async () => {
      app.memory.accounts.before = () => undefined;
      later.resolve(await signIn(app, "ada", underWay("1")));
    });
    assert.equal((await purge(app)).outcome, "account_deleted");
    assert.equal(await isSignedIn(app, await later.promise), false);
  });

  test("purge reads | a sign-in begun since completes | purge writes: only the new session is there", async () => {
    const app = testApp();
    const [laptop, later] = [await signIn(app, "ada", { sid: "1" }), Promise.withResolvers<SessionCookie>()];
    once(app.memory.accounts, "replace", async () => {
      await aMomentLater();
      later.resolve(await signIn(app, "ada", { sid: "2" }));
    });
    await purge(app);
    assert.equal(await isSignedIn(app, laptop), false);
    assert.ok(await isSignedIn(app, await later.promise));
  });

  test("purge waits in the queue | a sign-in from before completes | it is finished: that session is gone, a newer one stays", async () => {
    for (const kind of ["read", "create"] as const) {
      const app = testApp();
      const order = await leftForLater(app, kind);
      const old = await signIn(app, "ada", underWay("1"));
      await aMomentLater();
      const newer = await signIn(app, "ada", { sid: "2" });
      await carryOut(app, order, invocation(), { late: true });
      assert.deepEqual([await isSignedIn(app, old), await isSignedIn(app, newer)], [false, true]);
    }
  });
});

describe("the mark of a purge", () => {
  test("lets sign-ins through that begin later, and stays beside their sessions", async () => {
    const app = testApp();
    await purge(app);
    await aMomentLater();
    const cookie = await signIn(app, "ada", { sid: "1" });
    await useSession(app, await open(app, cookie), invocation());
    assert.ok(await isSignedIn(app, cookie));
    await assert.rejects(signIn(app, "ada", underWay("2")), refused);
  });

  test("outlives the last session: purge | a sign-in begun later | signs out | a callback from before: refused", async () => {
    const app = testApp();
    await purge(app);
    await aMomentLater();
    const cookie = await signIn(app, "ada", { sid: "1" });
    assert.equal((await signOutHere(app, await open(app, cookie), invocation())).outcome, "account_deleted");
    assert.deepEqual(storedKeys(app, cookie), []);
    await assert.rejects(signIn(app, "ada", underWay("2")), refused);
  });

  test("is dropped when no sign-in from before can be under way: the document goes with its last session", async () => {
    const app = testApp();
    await purge(app);
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 16 * 60_000 });
    try {
      const cookie = await signIn(app, "ada", { sid: "1" });
      await signOutHere(app, await open(app, cookie), invocation());
      assert.equal(app.memory.accounts.documents.size, 0);
    } finally {
      mock.timers.reset();
    }
  });

  test("of an order that has waited for longer is not written: the document is deleted", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "1" });
    const order = await leftForLater(app, "replace");
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 17 * 60_000 });
    try {
      await carryOut(app, order, invocation(), { late: true });
      assert.equal(storedKeys(app, cookie), undefined);
    } finally {
      mock.timers.reset();
    }
  });
});

test("a purge takes two operations of the store, and leaves neither token nor key of a session", async () => {
  const app = testApp();
  const cookie = await signIn(app, "ada", { sid: "1" });
  const before = app.memory.accounts.asked.length;
  await purge(app);
  assert.deepEqual(app.memory.accounts.asked.slice(before), ["read", "replace"]);
  const [left] = app.memory.accounts.documents.values();
  assert.deepEqual(Object.keys(left ?? {}).toSorted(), ["id", "mark", "sessions", "ttl", "writeId"]);
  assert.deepEqual([left?.id, left?.sessions, left?.ttl], [cookie.accountKey, {}, 16 * 60]);
});
