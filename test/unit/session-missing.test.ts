import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { SignInRequiredError } from "../../shared/core/errors.ts";
import type { SessionCookie } from "../../shared/session/cookie.ts";
import { requireSession } from "../../shared/session/resolve.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { endAllSessions } from "../../shared/sign-out/by-person.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { signIn, visit } from "./support/sessions.ts";

describe("the cookie of a session that is not there", () => {
  let app: TestApp;
  beforeEach(() => {
    mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-03-01T12:00:00Z") });
    app = testApp();
  });
  afterEach(() => mock.timers.reset());

  /** Whether the answer to a request with `cookie` takes it away. */
  async function goes(cookie: SessionCookie): Promise<boolean> {
    const error: unknown = await requireSession(app, cookie, invocation()).catch((reason: unknown) => reason);
    assert.ok(error instanceof SignInRequiredError, "not signed out");
    return error.sessionEnded;
  }

  test("goes when the account is gone", async () => {
    const cookie = await signIn(app, "ada");
    await endAllSessions(app, (await visit(app, cookie)) ?? assert.fail(), invocation());
    assert.equal(await goes(cookie), true);
  });

  test("goes when the session was ended among others", async () => {
    const { accountKey } = await signIn(app, "ada");
    const { secret } = await signIn(app, "bruno");
    assert.equal(await goes({ accountKey, secret }), true);
  });

  for (const [who, next] of [
    ["the same account", "ada"],
    ["another account", "bruno"],
  ] as const) {
    test(`stays while the answer with the cookie of a new sign-in to ${who} may be under way`, async () => {
      const previous = await signIn(app, "ada");
      await signIn(app, next, { previous });
      assert.equal(await goes(previous), false);
    });
  }

  test("goes when that must have arrived: what is left would be a cookie that opens nothing", async () => {
    const previous = await signIn(app, "ada");
    await signIn(app, "ada", { previous });
    mock.timers.setTime(Date.now() + 60_100);
    assert.equal(await goes(previous), true);
  });

  test("is noted where the new sign-in is to another account, until the store removes the note", async () => {
    await signIn(app, "bruno", { previous: await signIn(app, "ada") });
    assert.deepEqual(
      [...app.memory.sids.documents.values()].map(({ ttl }) => ttl),
      [3 * 3600],
    );
  });

  test("is not judged when the store does not answer", async () => {
    const cookie = await signIn(app, "ada");
    await endAllSessions(app, (await visit(app, cookie)) ?? assert.fail(), invocation());
    app.memory.sids.before = () => {
      throw new StoreUnavailableError("read in sids");
    };
    await assert.rejects(requireSession(app, cookie, invocation()), isProblem("store_unavailable"));
  });
});
