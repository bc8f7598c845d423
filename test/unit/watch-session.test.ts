import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { watchSession, type SessionWatch } from "../../shared/session/watch.ts";
import type { ResolvedSession } from "../../shared/session/resolve.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { signIn, visit } from "./support/sessions.ts";

let app: TestApp;
let session: ResolvedSession;
let watch: SessionWatch;

beforeEach(async () => {
  app = testApp();
  session = (await visit(app, await signIn(app, "ada"))) ?? assert.fail();
  mock.timers.enable({ apis: ["setTimeout"] });
  watch = watchSession(app, session, invocation());
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
    assert.ok(!watch.end.aborted);
  });

  test("and has ended as soon as the store does not have it any more", async () => {
    await pass(5);
    await app.memory.accounts.delete(session.accountKey, undefined, new AbortController().signal);
    await pass(5);
    isProblem("signin_required")(watch.end.reason);
    const after = looks();
    await pass(20);
    assert.equal(looks(), after);
  });

  test("and is not looked at any more once that is over", async () => {
    watch.stop();
    const before = looks();
    await pass(20);
    assert.equal(looks(), before);
  });
});

describe("a browser that goes", () => {
  for (const [when, isEarly] of [
    ["before the watch begins", true],
    ["meanwhile", false],
  ] as const) {
    test(`${when} ends what only it waits for`, () => {
      const gone = new AbortController();
      if (isEarly) gone.abort();
      watch.stop();
      watch = watchSession(app, session, { ...invocation(), gone: gone.signal });
      gone.abort();
      isProblem("client_gone")(watch.end.reason);
    });
  }

  test("once all is over ends nothing any more", () => {
    const gone = new AbortController();
    watch.stop();
    watch = watchSession(app, session, { ...invocation(), gone: gone.signal });
    watch.stop();
    gone.abort();
    assert.ok(!watch.end.aborted);
  });
});

describe("a store that does not say", () => {
  test("is believed for some seconds, and then the session counts as ended", async () => {
    let now = performance.now();
    mock.method(performance, "now", () => now);
    watch.stop();
    watch = watchSession(app, session, invocation());
    mock.method(app.memory.accounts, "read", () => Promise.reject(new Error("down")));
    for (let second = 1; second <= 8; second++) {
      now += 1_000;
      await pass(1);
    }
    assert.ok(!watch.end.aborted);
    for (let second = 9; second <= 12; second++) {
      now += 1_000;
      await pass(1);
    }
    assert.ok(watch.end.aborted);
  });
});
