import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import type { SignedOutAccount } from "../../shared/app/hooks.ts";
import { runHook } from "../../shared/app/run-hook.ts";
import { deferSignOutHere, endOneSession, signOutHere } from "../../shared/sign-out/by-person.ts";
import { purgeAccount } from "../../shared/sign-out/by-administrator.ts";
import { finishSignOut } from "../../shared/sign-out/finish-sign-out.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { tenantId } from "./support/environment.ts";
import { once } from "./support/memory-store.ts";
import { isSignedIn, signIn, visit, type OpenedSession } from "./support/sessions.ts";
import { controlledTimeouts } from "./support/timeouts.ts";

/** Ada in two browsers, in an app that writes down what it is told of sign-outs. */
async function world() {
  const told: SignedOutAccount[] = [];
  const app = { ...testApp(), hooks: { onSignedOut: (account: SignedOutAccount) => void told.push(account) } };
  const laptop = await signIn(app, "ada", { sid: "laptop" });
  const phone = await signIn(app, "ada", { sid: "phone" });
  return { app, told, laptop, phone };
}

const session = async (app: TestApp, cookie: OpenedSession) =>
  (await visit(app, cookie)) ?? assert.fail("not signed in");

describe("the app is told which sessions a sign-out has ended:", () => {
  test("one of them, chosen from the list, then the last by the Logout URL", async () => {
    const { app, told, laptop, phone } = await world();
    await endOneSession(app, await session(app, laptop), phone.sessionKey, invocation());
    await signOutFrontChannel(app, "laptop", invocation());
    const { accountKey: account } = laptop;
    assert.deepEqual(told, [
      { account, sessions: [phone.sessionKey], isLast: false, origin: "sessions_page" },
      { account, sessions: [laptop.sessionKey], isLast: true, origin: "front_channel" },
    ]);
  });

  test("all, by an administrator; and nothing if nothing has ended", async () => {
    const { app, told, laptop, phone } = await world();
    await purgeAccount(app, `ada.${tenantId}`, invocation());
    await purgeAccount(app, `ada.${tenantId}`, invocation());
    await signOutFrontChannel(app, "laptop", invocation());
    assert.deepEqual(
      told.map(({ sessions, origin }) => [sessions.toSorted(), origin]),
      [[[laptop.sessionKey, phone.sessionKey].toSorted(), "administrator"]],
    );
  });

  test("also if the first attempt has ended them without an answer, and the order from the queue finds nothing left", async () => {
    const { app, told, laptop } = await world();
    const asked = invocation();
    const { accounts } = app.memory;
    const seen = await session(app, laptop);
    once(accounts, "delete", async () => {
      await accounts.delete(laptop.accountKey, undefined, asked.signal);
      throw new StoreUnavailableError("delete in accounts", undefined);
    });
    await assert.rejects(signOutHere(app, seen, asked), isProblem("signout_deferred"));
    assert.deepEqual([told, await isSignedIn(app, laptop)], [[], false]);
    await finishSignOut(app, asked.orders[0] ?? assert.fail("nothing was handed on"), invocation());
    assert.deepEqual(told, [{ account: laptop.accountKey, sessions: [], isLast: true, origin: "app" }]);
  });

  test("but not of an order that came with a cookie that nobody has looked up, unless it ends something", async () => {
    const { app, told, laptop } = await world();
    const asked = invocation();
    const forged = { accountKey: laptop.accountKey, secret: "A".repeat(43) };
    await deferSignOutHere(app, forged, "scope", asked, undefined);
    await finishSignOut(app, asked.orders[0] ?? assert.fail("nothing was handed on"), invocation());
    assert.deepEqual(told, []);
  });
});

async function failingHook(): Promise<void> {
  throw new RangeError("ada@contoso.example");
}

describe("a hook does not hold anything up:", () => {
  afterEach(() => mock.restoreAll());

  test("one that fails is logged, without what its error says", async () => {
    const asked = invocation();
    await runHook("onSignedIn", failingHook, {}, asked);
    const [event] = asked.events;
    assert.deepEqual(
      [event?.event, event?.attributes["hook"], event?.attributes["reason"]],
      ["hook_failed", "onSignedIn", "failed"],
    );
    assert.match(String(event?.attributes["error"]), /^RangeError\n/);
    assert.doesNotMatch(JSON.stringify(asked.events), /ada@/);
  });

  test("one that takes too long is told so, and nobody waits for it any longer", async () => {
    const asked = invocation();
    const timeouts = controlledTimeouts();
    const started = Promise.withResolvers<AbortSignal>();
    const hang = async (_about: object, { signal }: { readonly signal: AbortSignal }) => {
      started.resolve(signal);
      await new Promise(() => undefined);
    };
    const running = runHook("onSignedOut", hang, {}, asked);
    const signal = await started.promise;
    timeouts.pass(1_999);
    assert.equal(signal.aborted, false);
    timeouts.pass(2_000);
    await running;
    assert.equal(signal.aborted, true);
    assert.deepEqual(asked.events, [
      { level: "error", event: "hook_failed", attributes: { hook: "onSignedOut", reason: "slow" } },
    ]);
  });
});
