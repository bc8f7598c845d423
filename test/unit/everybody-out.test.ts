import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { logout } from "../../functions/logout.ts";
import { me } from "../../functions/me.ts";
import { notBefore } from "../../functions/not-before.ts";
import { sessions } from "../../functions/sessions.ts";
import { latestNotBefore } from "../../shared/account/latest-not-before.ts";
import { storedNotBefore } from "../../shared/account/not-before.ts";
import { useSession } from "../../shared/session/use.ts";
import { watchSession } from "../../shared/session/watch.ts";
import { formatSessionCookie, type SessionCookie } from "../../shared/session/cookie.ts";
import { setNotBefore } from "../../shared/sign-out/not-before.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { tenantId } from "./support/environment.ts";
import { call, type Request } from "./support/http.ts";
import { isProblem } from "./support/is-problem.ts";
import { once } from "./support/memory-store.ts";
import { aMomentLater, isSignedIn, signIn, storedKeys, visit } from "./support/sessions.ts";

const otherTenant = "11111111-7d2e-4c60-8b14-5e6f7a8b9c0d";
let app: TestApp;
let ada: SessionCookie;

beforeEach(async () => {
  app = testApp({ DownstreamApis__graph__BaseUrl: "none" });
  ada = await signIn(app, "ada");
  await aMomentLater();
});
afterEach(() => mock.restoreAll());

const ask = async (request: Request = {}) => call(app, notBefore, { method: "PUT", ...request });
const cookieOf = (cookie: SessionCookie) => ({ cookie: `__Host-session=${formatSessionCookie(cookie)}` });
const who = async (cookie: SessionCookie) => call(app, me, { headers: cookieOf(cookie) });
/** Another instance over the same store, which has just read that nobody is out. */
async function elsewhere(): Promise<TestApp> {
  const read = async () => storedNotBefore(app.memory.notBefore, invocation().signal);
  const other = { ...app, notBefore: latestNotBefore(read, app.clock) };
  await other.notBefore.get(invocation().signal);
  return other;
}

describe("an administrator who signs everybody out", () => {
  test("is told what is set", async () => {
    const { response, body } = await ask();
    assert.equal(response.status ?? 200, 200);
    const { everybody, ...others } = body as { everybody: string };
    assert.ok(Math.abs(Date.parse(everybody) - Date.now()) < 60_000);
    assert.deepEqual(others, { tenants: {}, setting: null });
    assert.deepEqual((await ask({ method: "GET" })).body, body);
  });

  test("leaves nobody's session: 401, cookie cleared, and the document goes with that request", async () => {
    const { log } = await ask();
    assert.match(log, /"event":"not_before_changed","of":"everybody","set":true/);
    const { response, body, cookies, log: told } = await who(ada);
    assert.deepEqual([response.status, (body as { code: string }).code], [401, "signin_required"]);
    assert.equal(cookies.get("__Host-session"), "");
    assert.match(told, /"event":"signout","origin":"not_before","late":false,"outcome":"account_deleted"/);
    assert.equal(storedKeys(app, ada), undefined);
  });

  test("does not keep people from signing in again, in the same account too", async () => {
    await ask();
    const again = await signIn(app, "ada");
    assert.equal((await who(again)).response.status ?? 200, 200);
    assert.equal((await who(ada)).response.status, 401);
    assert.deepEqual(storedKeys(app, again), [again.sessionKey]);
  });

  test("takes it back: who has not come meanwhile goes on, who has come signs in again", async () => {
    const bruno = await signIn(app, "bruno");
    await aMomentLater();
    await ask();
    await who(bruno);
    const { body } = await ask({ method: "DELETE" });
    assert.deepEqual(body, { everybody: null, tenants: {}, setting: null });
    assert.deepEqual([await isSignedIn(app, ada), await isSignedIn(app, bruno)], [true, false]);
  });

  test("may name a time: who signed in since stays", async () => {
    const before = new Date(Date.now() - 60_000).toISOString();
    await ask({ path: `/auth/not-before?time=${before}` });
    assert.ok(await isSignedIn(app, ada));
  });

  test("brings nobody back by naming an earlier time, for everybody or a tenant: only taking it back does", async () => {
    const { body: set } = await ask();
    assert.deepEqual((await ask({ path: "/auth/not-before?time=2026-01-01T00:00:00Z" })).body, set);
    assert.ok(!(await isSignedIn(app, ada)));
    const { body: both } = await ask({ params: { tenantId: otherTenant } });
    const earlier = { path: "/auth/not-before?time=2026-01-01T00:00:00Z", params: { tenantId: otherTenant } };
    assert.deepEqual((await ask(earlier)).body, both);
    assert.deepEqual((await ask({ method: "DELETE" })).body, { ...(both as object), everybody: null });
  });

  test("may name one tenant, whose people alone are out", async () => {
    await ask({ params: { tenantId: otherTenant } });
    assert.ok(await isSignedIn(app, ada));
    await ask({ params: { tenantId: tenantId.toUpperCase() } });
    assert.ok(!(await isSignedIn(app, ada)));
    await ask({ method: "DELETE", params: { tenantId } });
    assert.ok(await isSignedIn(app, ada));
  });

  for (const [what, request] of Object.entries({
    "a time in the future": { path: `/auth/not-before?time=${new Date(Date.now() + 3_600_000).toISOString()}` },
    "a time without its zone": { path: "/auth/not-before?time=2026-01-01T12:00:00" },
    "a time that was left out by mistake": { path: "/auth/not-before?time=" },
    "a time beyond all others": { path: "/auth/not-before?time=%2B010000-01-01T00:00:00Z" },
    "two times": { path: "/auth/not-before?time=2026-01-01T00:00:00Z&time=2026-01-02T00:00:00Z" },
    "a tenant that is no GUID": { params: { tenantId: "contoso.example" } },
    "a tenant in braces": { params: { tenantId: `{${tenantId}}` } },
    "a tenant without dashes": { params: { tenantId: tenantId.replaceAll("-", "") } },
    "a tenant that was left out by mistake": { path: "/auth/not-before/", params: { tenantId: "" } },
  })) {
    test(`is refused for ${what}`, async () => {
      const { response, body } = await ask(request);
      assert.deepEqual([response.status, (body as { code: string }).code], [400, "invalid_request"]);
      assert.equal(app.memory.notBefore.documents.size, 0);
    });
  }

  test("is told when the store does not take it, and nobody is out", async () => {
    mock.method(app.memory.notBefore, "create", () => Promise.reject(new StoreUnavailableError("create in sids")));
    assert.equal((await ask()).response.status, 503);
    assert.ok(await isSignedIn(app, ada));
  });
});

describe("a session that is out", () => {
  beforeEach(async () => void (await ask()));

  test("can still be signed out, at the identity provider too", async () => {
    const headers = { ...cookieOf(ada), origin: "https://app.example", accept: "application/json" };
    const { response } = await call(app, logout, { headers });
    assert.equal(response.status ?? 200, 200);
    assert.equal(storedKeys(app, ada), undefined);
  });

  test("is not served when its document cannot be deleted, and the next request tries again", async () => {
    const down = mock.method(app.memory.accounts, "delete", () => Promise.reject(new Error("down")));
    assert.equal((await who(ada)).response.status, 401);
    assert.ok(storedKeys(app, ada));
    down.mock.restore();
    assert.equal((await who(ada)).response.status, 401);
    assert.equal(storedKeys(app, ada), undefined);
  });

  test("is not in the list of the account's sessions", async () => {
    const again = await signIn(app, "ada");
    const { body } = await call(app, sessions, { headers: cookieOf(again) });
    assert.deepEqual(
      (body as { sessions: { id: string }[] }).sessions.map(({ id }) => id),
      [again.sessionKey],
    );
  });
});

test("the setting does the same, and a time in the future does nothing yet", async () => {
  for (const [minutes, expected] of [
    [-1, true],
    [0, false],
    [60, true],
  ] as const) {
    const Session__NotBefore = new Date(Date.now() + minutes * 60_000).toISOString();
    const { configuration } = testApp({ Session__NotBefore });
    await aMomentLater();
    assert.equal(await isSignedIn({ ...app, configuration }, ada), expected, String(minutes));
  }
});

describe("races about everybody's sign-out", () => {
  test("a sign-in has begun | everybody out | its callback: refused, and nothing is stored", async () => {
    const startedAt = Date.now();
    await aMomentLater();
    await ask();
    await assert.rejects(signIn(app, "bruno", { startedAt }), isProblem("signin_signed_out"));
    assert.equal(app.memory.accounts.documents.size, 1);
  });

  test("a callback is about to write | everybody out | it writes: the session is not served", async () => {
    once(app.memory.accounts, "create", async () => {
      await aMomentLater();
      await ask();
    });
    const bruno = await signIn(app, "bruno");
    assert.equal((await who(bruno)).response.status, 401);
  });

  test("a use is about to be written | everybody out | it is written: not served, and ended by the next request", async () => {
    const session = (await visit(app, ada)) ?? assert.fail();
    mock.timers.enable({ apis: ["Date"], now: Date.now() + 30 * 60_000 });
    try {
      once(app.memory.accounts, "replace", async () => void (await ask()));
      await useSession(app, session, invocation());
      assert.ok(storedKeys(app, ada));
      assert.equal((await who(ada)).response.status, 401);
      assert.equal(storedKeys(app, ada), undefined);
    } finally {
      mock.timers.reset();
    }
  });

  test("two administrators read | both name a tenant | both write: both count", async () => {
    once(app.memory.notBefore, "create", async () => {
      await setNotBefore(app, { tenantId: otherTenant }, undefined, invocation());
    });
    const { tenants } = await setNotBefore(app, { tenantId }, undefined, invocation());
    assert.deepEqual(Object.keys(tenants).toSorted(), [otherTenant, tenantId].toSorted());
  });

  test("a call goes on at another instance | everybody out: it ends within ten seconds", async () => {
    const other = await elsewhere();
    const session = (await visit(other, ada)) ?? assert.fail();
    let now = performance.now();
    mock.method(performance, "now", () => now);
    mock.timers.enable({ apis: ["setTimeout"] });
    const watch = watchSession(other, session, invocation());
    try {
      await ask();
      for (let second = 0; second < 10 && !watch.end.aborted; second++) {
        now += 1_000;
        mock.timers.tick(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      isProblem("signin_required")(watch.end.reason);
    } finally {
      watch.stop();
      mock.timers.reset();
    }
  });
});
