import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { App } from "../../shared/app/app.ts";
import { isSignOutOrder } from "../../shared/sign-out/queue-message.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import { deferSignOutHere } from "../../shared/sign-out/by-person.ts";
import { finishSignOut } from "../../shared/sign-out/finish-sign-out.ts";
import { signOutFrontChannel } from "../../shared/sign-out/front-channel.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { configuration } from "./support/environment.ts";
import { isSignedIn, signIn, type OpenedSession } from "./support/sessions.ts";

type Scope = "account" | "session";

/** The same app after its settings were changed. */
const withScope = (app: TestApp, scope: Scope): App => ({
  ...app,
  configuration: configuration({ SignOut__Scope: scope }),
});

async function frontChannelOrder(app: TestApp): Promise<SignOutOrder> {
  const asked = invocation();
  app.memory.sids.before = () => {
    throw new StoreUnavailableError("test");
  };
  await signOutFrontChannel(app, "laptop", asked).catch(() => undefined);
  app.memory.sids.before = () => undefined;
  return asked.orders[0] ?? assert.fail("nothing was handed on");
}

async function cookieOrder(app: TestApp, laptop: OpenedSession): Promise<SignOutOrder> {
  const asked = invocation();
  await deferSignOutHere(app, laptop, "scope", asked, undefined);
  return asked.orders[0] ?? assert.fail("nothing was handed on");
}

describe("a sign-out that was left for later, finished after SignOut__Scope was changed", () => {
  const ways = { "at the identity provider": frontChannelOrder, "in the app": cookieOrder };
  const changes: readonly [asked: Scope, finished: Scope][] = [
    ["session", "account"],
    ["account", "session"],
  ];
  for (const [name, orderOf] of Object.entries(ways)) {
    for (const [asked, finished] of changes) {
      const becomes = asked === "account" ? "is signed out, too" : "stays signed in";
      test(`${name}, from ${asked} to ${finished}: the phone ${becomes}`, async () => {
        const app = testApp({ SignOut__Scope: asked });
        const laptop = await signIn(app, "ada", { sid: "laptop" });
        const phone = await signIn(app, "ada", { sid: "phone" });
        const order = await orderOf(app, laptop);
        await finishSignOut(withScope(app, finished), order, invocation());
        assert.equal(await isSignedIn(app, laptop), false);
        assert.equal(await isSignedIn(app, phone), asked === "session");
      });
    }
  }

  for (const scope of ["account", "session"] as const) {
    test(`of an earlier version, which wrote no settings down: goes by those of now (${scope})`, async () => {
      const app = testApp({ SignOut__Scope: scope === "account" ? "session" : "account" });
      const laptop = await signIn(app, "ada", { sid: "laptop" });
      const phone = await signIn(app, "ada", { sid: "phone" });
      const { settings: _, unproven: __, ...order } = await cookieOrder(app, laptop);
      assert.ok(isSignOutOrder(order));
      await finishSignOut(withScope(app, scope), order, invocation());
      assert.equal(await isSignedIn(app, laptop), false);
      assert.equal(await isSignedIn(app, phone), scope === "session");
    });
  }
});

test("what is in the queue counts as an order only with settings that can be", async () => {
  const app = testApp();
  const order = await cookieOrder(app, await signIn(app, "ada"));
  assert.ok(isSignOutOrder(JSON.parse(JSON.stringify(order))));
  assert.ok(isSignOutOrder({ ...order, requestedAt: null }));
  const others: readonly object[] = [
    { settings: null },
    { settings: { scope: "all", idleTimeoutMinutes: 1 } },
    { settings: { scope: "account", idleTimeoutMinutes: "1" } },
    { unproven: false },
    { requestedAt: "soon" },
    { requestedAt: 1 },
  ];
  for (const changes of others) assert.equal(isSignOutOrder({ ...order, ...changes }), false, JSON.stringify(changes));
});
