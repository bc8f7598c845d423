import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { contentOf, messageOf } from "../../shared/queue/message.ts";
import { renewAndCompare, processDirectoryQueue } from "../../shared/directory/run.ts";
import { messagesFor } from "../../shared/directory/work.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, type TestInvocation } from "./support/app.ts";
import { graph, json, type TestGraph } from "./support/graph.ts";
import { isSignedIn, signIn, storedKeys, type OpenedSession } from "./support/sessions.ts";

const second = 1_000;
const begin = Date.parse("2026-12-01T12:00:00Z");
const never = new AbortController().signal;
const eventsOf = ({ events }: TestInvocation) => events.map(({ event, attributes }) => [event, attributes]);
const longAgo = "2020-01-01T00:00:00Z";

describe("what the directory has told", () => {
  let given: TestGraph;
  let user: { accountEnabled: boolean; signInSessionsValidFromDateTime: string } | undefined;
  let ada: OpenedSession;
  beforeEach(async () => {
    mock.timers.enable({ apis: ["Date"], now: begin });
    given = graph({ SignOut__MaxAttempts: "3", SignOut__RetrySeconds: "60" });
    user = { accountEnabled: true, signInSessionsValidFromDateTime: longAgo };
    given.answer = () => (user ? json(user) : json({ error: { code: "Request_ResourceNotFound" } }, 404));
    ada = await signIn(given.app, "ada", { sid: "s" });
    mock.timers.tick(60 * second);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  const tell = async (...users: string[]) => {
    for (const text of messagesFor(users, undefined)) await given.app.directoryQueue.put(text, never);
  };
  const work = async (): Promise<{ left: boolean; asked: TestInvocation }> => {
    const asked = invocation();
    return { left: await processDirectoryQueue(given.app, given.directory, asked.telemetry, never), asked };
  };
  const revoke = (seconds: number) => {
    const time = new Date(begin + seconds * second).toISOString();
    user = { accountEnabled: true, signInSessionsValidFromDateTime: time };
  };

  test("is looked at twice, a minute apart: a sign-in may have been about to store its session", async () => {
    await tell("bruno");
    user = undefined;
    assert.equal((await work()).left, true);
    assert.deepEqual((await work()).asked.events, []);
    const bruno = await signIn(given.app, "bruno", { startedAt: begin });
    given.app.directoryQueue.pass(60);
    assert.equal((await work()).left, false);
    assert.equal(await isSignedIn(given.app, bruno), false);
    assert.ok(await isSignedIn(given.app, ada));
  });

  test("costs one point read for an account that is not signed in, and nobody else is asked", async () => {
    const before = given.app.memory.accounts.asked.length;
    await tell("bruno");
    await work();
    assert.deepEqual(given.app.memory.accounts.asked.slice(before), ["read"]);
    assert.deepEqual(given.asked, []);
  });

  for (const [what, seconds, stays] of [
    ["before the sign-in began", -10, true],
    ["a second before it, which the clocks leave in doubt", -1, false],
    ["after it", 30, false],
    ["later than the app's clock says it is", 3_600, false],
  ] as const) {
    test(`that sessions were revoked ${what}: the session ${stays ? "stays" : "ends"}`, async () => {
      revoke(seconds);
      await tell("ada");
      await work();
      assert.equal(await isSignedIn(given.app, ada), stays);
    });
  }

  test("that sessions were revoked refuses a sign-in from before that is still under way, and none from later", async () => {
    const late = { sid: "t", startedAt: begin - 60 * second };
    await signIn(given.app, "ada", { sid: "u", startedAt: begin + 50 * second });
    revoke(30);
    await tell("ada");
    await work();
    assert.equal(storedKeys(given.app, ada)?.length, 1);
    await assert.rejects(signIn(given.app, "ada", late), { code: "signin_signed_out" });
    assert.ok(await signIn(given.app, "ada", { sid: "v", startedAt: begin + 55 * second }));
  });

  test("is tried again when Microsoft Graph says so, and given up after the last attempt, with an event", async () => {
    await tell("ada");
    given.answer = () => json({}, 429, { "retry-after": "300" });
    const { asked } = await work();
    assert.deepEqual(eventsOf(asked), [["directory_failed", { step: "work", reason: "429" }]]);
    given.app.directoryQueue.pass(299);
    assert.deepEqual((await work()).asked.events, []);
    given.app.directoryQueue.pass(1);
    given.answer = () => json({}, 403);
    await work();
    given.app.directoryQueue.pass(60);
    const last = await work();
    assert.deepEqual(eventsOf(last.asked).at(-1), ["directory_abandoned", { attempt: 3 }]);
    assert.equal(last.left, false);
    assert.equal(given.app.directoryQueue.poison.length, 1);
  });

  for (const [what, answer] of [
    ["404 without a word", () => new Response(null, { status: 404 })],
    ["404 for another reason", () => json({ error: { code: "UnknownError" } }, 404)],
    ["a page instead of JSON", () => new Response("<html>", { status: 200 })],
    ["a page instead of JSON, with 404", () => new Response("<html>", { status: 404 })],
    ["a list", () => json([])],
    ["400", () => json({ error: { code: "BadRequest" } }, 400)],
  ] as const) {
    test(`ends nobody's session on ${what}, which Microsoft Graph has not said of the user`, async () => {
      given.answer = answer;
      await tell("ada");
      assert.equal((await work()).left, true);
      assert.ok(await isSignedIn(given.app, ada));
    });
  }

  test("is looked at for everybody, though a useless answer comes about one of them, which is tried again", async () => {
    const zoe = await signIn(given.app, "zoe", { sid: "t" });
    given.answer = ({ path }) =>
      path.startsWith("users/ada") ? new Response("<html>") : json({ accountEnabled: false });
    await tell("ada", ...Array.from({ length: 20 }, (_, index) => `nobody-${index}`), "zoe");
    const { left, asked } = await work();
    assert.deepEqual(eventsOf(asked).at(-1), ["directory_failed", { step: "work", reason: "unreadable" }]);
    assert.deepEqual([left, await isSignedIn(given.app, ada), await isSignedIn(given.app, zoe)], [true, true, false]);
  });

  test("waits on while the store is down, and most of it keeps its attempts", async () => {
    for (let count = 0; count < 20; count++) await tell("ada");
    given.app.memory.accounts.before = () => {
      throw new StoreUnavailableError("read in accounts");
    };
    assert.equal((await work()).left, true);
    assert.equal(given.app.directoryQueue.waiting.filter(({ attempt }) => attempt === 0).length, 12);
  });

  test("is told to the operator if it is nothing that this version knows, and uses up its attempts", async () => {
    await given.app.directoryQueue.put(messageOf({ groups: [] }), never);
    assert.deepEqual(eventsOf((await work()).asked), [["directory_failed", { step: "read", reason: "unreadable" }]]);
    assert.equal(given.app.directoryQueue.waiting.length, 1);
  });

  test("fits into messages, however many users have changed at once", () => {
    const ids = Array.from(
      { length: 2_500 },
      (_, index) => `${String(index).padStart(8, "0")}-0000-4000-8000-000000000000`,
    );
    const texts = messagesFor(ids, "renew");
    assert.deepEqual(
      texts.flatMap((text) => contentOf(text)?.["users"] ?? []),
      ids,
    );
    assert.ok(
      texts.every((text) => text.length <= 64 * 1024),
      String(Math.max(...texts.map(({ length }) => length))),
    );
    // Looked at in turn within the time of one attempt, also if Microsoft Graph takes seconds for each answer.
    assert.ok(texts.every((text) => ((contentOf(text)?.["users"] as unknown[] | undefined) ?? []).length <= 100));
    assert.deepEqual(contentOf(texts.at(-1) ?? ""), { subscription: "renew" });
    assert.deepEqual(messagesFor([], undefined), []);
  });

  test("does not keep the timer from its other steps when one of them fails", async () => {
    given.answer = ({ path }) => (path.startsWith("users/delta") ? json({}, 503) : json({}, 403));
    const asked = invocation();
    await renewAndCompare(given.app, given.directory, asked.telemetry);
    assert.deepEqual(eventsOf(asked), [
      ["directory_failed", { step: "subscribe", reason: "403" }],
      ["directory_failed", { step: "compare", reason: "503" }],
    ]);
  });
});
