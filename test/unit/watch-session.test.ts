import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { watchSession, type SessionWatch } from "../../shared/session/watch.ts";
import type { ResolvedSession } from "../../shared/session/resolve.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { condition } from "./support/conditions.ts";
import { signIn, visit } from "./support/sessions.ts";

let app: TestApp;
let session: ResolvedSession;
let ended: Error[];
let watch: SessionWatch;

beforeEach(async () => {
  app = testApp();
  session = (await visit(app, await signIn(app, "ada"))) ?? assert.fail();
  ended = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  watch = watchSession(app, session, invocation(), (reason) => void ended.push(reason));
});
afterEach(() => {
  watch.stop();
  mock.timers.reset();
  mock.restoreAll();
});

const looks = () => app.memory.accounts.asked.filter((kind) => kind === "read").length;

/** Lets the seconds pass one by one, and what is due then be done. */
async function pass(seconds: number): Promise<void> {
  for (let count = 0; count < seconds; count++) {
    mock.timers.tick(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a session is looked at while something goes on for it", () => {
  test("every four seconds, and not before", async () => {
    const before = looks();
    await pass(3);
    assert.equal(looks(), before);
    await pass(9);
    assert.ok(looks() - before >= 2, String(looks() - before));
    assert.deepEqual(ended, []);
  });

  test("and has ended as soon as the store does not have it any more", async () => {
    await pass(5);
    await app.memory.accounts.delete(session.accountKey, undefined, new AbortController().signal);
    await pass(5);
    assert.equal(ended.length, 1);
    condition("signin_required")(ended[0]);
    const after = looks();
    await pass(20);
    assert.deepEqual([ended.length, looks()], [1, after]);
  });

  test("and is not looked at any more once that is over", async () => {
    watch.stop();
    const before = looks();
    await pass(20);
    assert.equal(looks(), before);
  });
});

describe("a store that does not say", () => {
  test("is believed for some seconds, and then the session counts as ended", async () => {
    let now = performance.now();
    mock.method(performance, "now", () => now);
    watch.stop();
    watch = watchSession(app, session, invocation(), (reason) => void ended.push(reason));
    mock.method(app.memory.accounts, "read", () => Promise.reject(new Error("down")));
    for (let second = 1; second <= 8; second++) {
      now += 1_000;
      await pass(1);
    }
    assert.deepEqual(ended, []);
    for (let second = 9; second <= 12; second++) {
      now += 1_000;
      await pass(1);
    }
    assert.equal(ended.length, 1);
  });
});
