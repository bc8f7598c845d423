import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { finishWaiting } from "../../shared/sign-out/finish-waiting.ts";
import { messageOf } from "../../shared/queue/message.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import { invocation, testApp, type TestApp, type TestInvocation } from "./support/app.ts";
import { isSignedIn, signIn } from "./support/sessions.ts";

const settings = { SignOut__MaxAttempts: "3", SignOut__RetrySeconds: "60" };

function stopStore(app: TestApp): void {
  app.memory.accounts.before = () => {
    throw new StoreUnavailableError("read in accounts");
  };
}

function startStore(app: TestApp): void {
  app.memory.accounts.before = () => undefined;
}

/** The order that a front-channel sign-out leaves when the store does not answer. */
async function orderFor(app: TestApp, sid: string): Promise<SignOutOrder> {
  const asked = invocation();
  stopStore(app);
  await assert.rejects(signOutFrontChannel(app, sid, asked));
  startStore(app);
  const [order] = asked.orders;
  assert.ok(order);
  return order;
}

async function finish(app: TestApp): Promise<{ left: boolean; asked: TestInvocation }> {
  const asked = invocation();
  return { left: await finishWaiting(app, asked.telemetry, new AbortController().signal), asked };
}

const eventsOf = ({ events }: TestInvocation) => events.map(({ event, attributes }) => [event, attributes]);

describe("sign-outs that wait in the queue", () => {
  test("are finished, all of them, in one run, and nothing is left", async () => {
    const app = testApp(settings);
    const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
    const cookies = await Promise.all(names.map(async (name) => signIn(app, name, { sid: name })));
    for (const name of names)
      await app.signOutQueue.put(messageOf(await orderFor(app, name)), AbortSignal.timeout(1_000));
    assert.equal((await finish(app)).left, false);
    for (const cookie of cookies) assert.equal(await isSignedIn(app, cookie), false);
    assert.deepEqual(app.signOutQueue.waiting, []);
  });

  test("wait on while the store is down, and most of them keep their attempts: after a few in vain no more is tried", async () => {
    const app = testApp(settings);
    await signIn(app, "ada", { sid: "s" });
    const order = await orderFor(app, "s");
    for (let count = 0; count < 100; count++) await app.signOutQueue.put(messageOf(order), AbortSignal.timeout(1_000));
    stopStore(app);
    assert.equal((await finish(app)).left, true);
    const attempts = app.signOutQueue.waiting.map(({ attempt }) => attempt);
    assert.deepEqual(
      [...new Set(attempts)].toSorted((a, b) => a - b),
      [0, 1],
    );
    assert.ok(attempts.filter((attempt) => attempt === 1).length === 8);
  });

  test("are finished except for those that the store fails, as long as it answers others", async () => {
    const app = testApp(settings);
    await signIn(app, "ada", { sid: "s" });
    const order = await orderFor(app, "s");
    for (let count = 0; count < 20; count++) await app.signOutQueue.put(messageOf(order), AbortSignal.timeout(1_000));
    let failing = 7;
    app.memory.accounts.before = () => {
      if (failing-- > 0) throw new StoreUnavailableError("read in accounts");
    };
    assert.equal((await finish(app)).left, true);
    assert.equal(app.signOutQueue.waiting.length, 7);
  });

  test("come back after a while, and are put aside after the last attempt, with an event", async () => {
    const app = testApp(settings);
    const cookie = await signIn(app, "ada", { sid: "s" });
    const text = messageOf(await orderFor(app, "s"));
    await app.signOutQueue.put(text, AbortSignal.timeout(1_000));
    stopStore(app);
    for (let attempt = 1; attempt <= 2; attempt++) {
      assert.equal((await finish(app)).left, true);
      // Hidden: whoever looks now finds nothing to do.
      assert.deepEqual(eventsOf((await finish(app)).asked), []);
      app.signOutQueue.pass(60);
    }
    const { left, asked } = await finish(app);
    assert.equal(left, false);
    assert.deepEqual(app.signOutQueue.poison, [text]);
    assert.deepEqual(eventsOf(asked).at(-1), ["signout_abandoned", { origin: "front_channel", attempt: 3 }]);
    startStore(app);
    assert.ok(await isSignedIn(app, cookie));
  });

  test("that are no orders use up their attempts, in case a newer version can read them, and hold up nobody", async () => {
    const app = testApp(settings);
    const cookie = await signIn(app, "ada", { sid: "s" });
    const nonsense = ["", "nonsense", messageOf({ origin: "of a newer version" })];
    const texts = Array.from({ length: 9 }, (_, index) => nonsense[index % nonsense.length] ?? "");
    for (const text of texts) await app.signOutQueue.put(text, AbortSignal.timeout(1_000));
    await app.signOutQueue.put(messageOf(await orderFor(app, "s")), AbortSignal.timeout(1_000));
    const { asked } = await finish(app);
    assert.equal(await isSignedIn(app, cookie), false);
    assert.equal(asked.events.filter(({ event }) => event === "signout_unreadable").length, texts.length);
    for (let attempt = 2; attempt <= 3; attempt++) {
      app.signOutQueue.pass(60);
      await finish(app);
    }
    assert.deepEqual([...app.signOutQueue.poison].sort(), texts.toSorted());
  });

  test("that an ended instance was at work on come back to another one", async () => {
    const app = testApp(settings);
    const cookie = await signIn(app, "ada", { sid: "s" });
    await app.signOutQueue.put(messageOf(await orderFor(app, "s")), AbortSignal.timeout(1_000));
    // It has received the message, and nothing more is heard of it.
    await app.signOutQueue.receive({ count: 8, hiddenSeconds: 60 }, AbortSignal.timeout(1_000));
    assert.equal((await finish(app)).left, true);
    assert.ok(await isSignedIn(app, cookie));
    app.signOutQueue.pass(60);
    assert.equal((await finish(app)).left, false);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("are finished once, whoever looks at the same time", async () => {
    const app = testApp(settings);
    await signIn(app, "ada", { sid: "s" });
    await app.signOutQueue.put(messageOf(await orderFor(app, "s")), AbortSignal.timeout(1_000));
    const runs = await Promise.all([finish(app), finish(app), finish(app)]);
    const done = runs.flatMap(({ asked }) => asked.events).filter(({ event }) => event === "signout");
    assert.equal(done.length, 1);
  });

  for (const operation of ["remove", "postpone", "putAside"] as const) {
    test(`are not lost when the queue does not ${operation}`, async () => {
      const app = testApp({ ...settings, SignOut__MaxAttempts: operation === "putAside" ? "1" : "3" });
      const cookie = await signIn(app, "ada", { sid: "s" });
      await app.signOutQueue.put(messageOf(await orderFor(app, "s")), AbortSignal.timeout(1_000));
      app.signOutQueue.failing.add(operation);
      if (operation !== "remove") stopStore(app);
      const { left, asked } = await finish(app);
      assert.equal(left, true);
      const trouble = { operation, reason: "503" };
      assert.deepEqual(eventsOf(asked).at(-1), ["signout_queue_unavailable", trouble]);
      app.signOutQueue.failing.clear();
      startStore(app);
      app.signOutQueue.pass(60);
      assert.equal((await finish(app)).left, false);
      assert.equal(await isSignedIn(app, cookie), false);
    });
  }

  test("are told of when the queue cannot even be read", async () => {
    const app = testApp(settings);
    app.signOutQueue.failing.add("receive");
    const asked = invocation();
    await assert.rejects(finishWaiting(app, asked.telemetry, new AbortController().signal), {
      code: "queue_unavailable",
    });
    assert.deepEqual(eventsOf(asked), [["signout_queue_unavailable", { operation: "receive", reason: "503" }]]);
  });
});
