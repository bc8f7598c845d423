import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { logout } from "../../functions/logout.ts";
import { endSessions } from "../../functions/sessions.ts";
import type { FunctionDefinition } from "../../shared/pipeline/handler.ts";
import { formatSessionCookie } from "../../shared/session/cookie.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import { deferSignOutHere } from "../../shared/sign-out/by-person.ts";
import { finishSignOut } from "../../shared/sign-out/finish-sign-out.ts";
import { successionKeyOf } from "../../shared/account/succession.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { call } from "./support/http.ts";
import { isSignedIn, signIn, type OpenedSession } from "./support/sessions.ts";

const minute = 60_000;
let app: TestApp;
beforeEach(() => mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-03-01T12:00:00Z") }));
afterEach(() => mock.timers.reset());

async function send(definition: FunctionDefinition, cookie: OpenedSession, path: string): Promise<void> {
  const headers = {
    cookie: `__Host-session=${formatSessionCookie(cookie)}`,
    origin: "https://app.example",
    "sec-fetch-site": "same-origin",
  };
  await call(app, definition, { path, headers });
}

const ways: readonly { readonly name: string; readonly leave: (cookie: OpenedSession) => Promise<void> }[] = [
  { name: "Sign out", leave: (cookie) => send(logout, cookie, "/auth/logout") },
  { name: "Sign out everywhere", leave: (cookie) => send(logout, cookie, "/auth/logout?everywhere=1") },
  { name: "DELETE /auth/sessions", leave: (cookie) => send(endSessions, cookie, "/auth/sessions") },
  { name: "Sign out, the store unreadable, finished later", leave: (cookie) => leaveForLater(cookie, "scope") },
  {
    name: "Sign out everywhere, the store unreadable, finished later",
    leave: (cookie) => leaveForLater(cookie, "everywhere"),
  },
];

async function leaveForLater(cookie: OpenedSession, reach: "scope" | "everywhere"): Promise<void> {
  const asked = invocation();
  await deferSignOutHere(app, cookie, reach, asked, undefined);
  mock.timers.tick(90 * minute);
  await finish(asked.orders[0]);
}

const finish = (order: SignOutOrder | undefined) =>
  finishSignOut(app, order ?? assert.fail("nothing was handed on"), invocation());

const settings = { Session__IdleTimeoutMinutes: "1000", Session__AbsoluteTimeoutMinutes: "2000" };

for (const SignOut__Scope of ["account", "session"]) {
  for (const { name, leave } of ways) {
    describe(`${name}, with a cookie whose session has been replaced in its browser, under the scope ${SignOut__Scope}`, () => {
      let earlier: OpenedSession;
      beforeEach(async () => {
        app = testApp({ ...settings, SignOut__Scope });
        earlier = await signIn(app, "ada", { sid: "s1" });
      });

      async function changesTo(person: "ada" | "bruno"): Promise<{ here: OpenedSession; elsewhere: OpenedSession }> {
        const elsewhere = await signIn(app, person, { sid: "s2" });
        const here = await signIn(app, person, { sid: "s3", previous: earlier });
        return { here, elsewhere };
      }

      for (const person of ["ada", "bruno"] as const) {
        const account = person === "ada" ? "the same account" : "another account";
        test(`by ${account}, half a minute ago: that browser's session ends, and no other`, async () => {
          const { here, elsewhere } = await changesTo(person);
          mock.timers.tick(minute / 2);
          await leave(earlier);
          assert.deepEqual([await isSignedIn(app, here), await isSignedIn(app, elsewhere)], [false, true]);
        });

        for (const minutes of [1.1, 100]) {
          test(`by ${account}, ${minutes} minutes ago: nothing ends`, async () => {
            const { here, elsewhere } = await changesTo(person);
            mock.timers.tick(minutes * minute);
            await leave(earlier);
            assert.deepEqual([await isSignedIn(app, here), await isSignedIn(app, elsewhere)], [true, true]);
          });
        }
      }
    });
  }
}

async function laptopAndPhone(): Promise<[OpenedSession, OpenedSession]> {
  app = testApp({ Session__IdleTimeoutMinutes: "60" });
  return [await signIn(app, "ada"), await signIn(app, "ada")];
}

describe("a sign-out that could not even look its cookie up, finished later", () => {
  test("ends the account's sessions where the cookie opened one then", async () => {
    const [laptop, phone] = await laptopAndPhone();
    const asked = invocation();
    await deferSignOutHere(app, laptop, "everywhere", asked, undefined);
    await finish(asked.orders[0]);
    assert.deepEqual([await isSignedIn(app, laptop), await isSignedIn(app, phone)], [false, false]);
  });

  test("ends no other where its session had ended by itself", async () => {
    const [laptop] = await laptopAndPhone();
    mock.timers.tick(61 * minute);
    const phone = await signIn(app, "ada");
    const asked = invocation();
    await deferSignOutHere(app, laptop, "everywhere", asked, undefined);
    await finish(asked.orders[0]);
    assert.ok(await isSignedIn(app, phone));
  });

  test("ends no other where the browser's session had ended by itself, and the browser has signed in anew since", async () => {
    const [laptop] = await laptopAndPhone();
    mock.timers.tick(61 * minute);
    const phone = await signIn(app, "ada");
    const asked = invocation();
    await deferSignOutHere(app, laptop, "everywhere", asked, undefined);
    mock.timers.tick(minute / 2);
    await signIn(app, "ada", { previous: laptop });
    await finish(asked.orders[0]);
    assert.ok(await isSignedIn(app, phone));
  });

  test("of a time that nobody knew, ends what its browser has now, and nothing else", async () => {
    const [laptop] = await laptopAndPhone();
    const elsewhere = await signIn(app, "bruno");
    const here = await signIn(app, "bruno", { previous: laptop });
    const asked = invocation();
    await deferSignOutHere(app, laptop, "everywhere", asked, undefined);
    await finish({ ...(asked.orders[0] ?? assert.fail()), requestedAt: null });
    assert.deepEqual([await isSignedIn(app, here), await isSignedIn(app, elsewhere)], [false, true]);
  });
});

test("a note of an earlier version, which does not say since when, gives a cookie that opens nothing no say", async () => {
  app = testApp();
  const earlier = await signIn(app, "ada");
  const here = await signIn(app, "bruno", { previous: earlier });
  const { sids } = app.memory;
  const { signal } = invocation();
  const note = (await sids.read(successionKeyOf(earlier.sessionKey), signal)) ?? assert.fail("no note");
  await sids.replace({ ...note.document, signedOutAt: null }, note.etag, signal);
  await send(logout, earlier, "/auth/logout?everywhere=1");
  assert.ok(await isSignedIn(app, here));
});
