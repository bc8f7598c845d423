import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { endOf } from "../../shared/account/document.ts";
import { resolveSession, type ResolvedSession } from "../../shared/session/resolve.ts";
import { useSession } from "../../shared/session/use.ts";
import { listSessions } from "../../shared/session/list.ts";
import { randomBase64Url } from "../../shared/core/encoding.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { isSignedIn, signIn, visit, type OpenedSession } from "./support/sessions.ts";
import { controlledTimeouts } from "./support/timeouts.ts";

const minute = 60_000;
let app: TestApp;
let cookie: OpenedSession;

beforeEach(async () => {
  mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-03-01T12:00:00Z") });
  app = testApp({ Session__IdleTimeoutMinutes: "60", Session__AbsoluteTimeoutMinutes: "90" });
  cookie = await signIn(app, "ada", { sid: "s" });
});
afterEach(() => {
  mock.restoreAll();
  mock.timers.reset();
});

const session = async () => (await visit(app, cookie)) ?? assert.fail("not signed in");
const pass = (minutes: number) => mock.timers.setTime(Date.now() + minutes * minute);
const writes = () => app.memory.accounts.asked.filter((kind) => kind !== "read").length;

describe("a cookie opens its session", () => {
  test("with one read and no write", async () => {
    const before = app.memory.accounts.asked.length;
    await session();
    assert.deepEqual(app.memory.accounts.asked.slice(before), ["read"]);
  });

  test("until it has not been used for the idle lifetime", async () => {
    pass(59);
    assert.ok(await isSignedIn(app, cookie));
    pass(1);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("until its absolute lifetime is over, however much it is used", async () => {
    for (const _ of [1, 2, 3]) {
      pass(29);
      await useSession(app, await session(), invocation());
    }
    pass(3);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("and no cookie opens none, without asking the store", async () => {
    const before = app.memory.accounts.asked.length;
    assert.equal(await resolveSession(app, undefined, invocation()), undefined);
    assert.equal(app.memory.accounts.asked.length, before);
  });
});

const closed = async (changes: Partial<OpenedSession>) => isSignedIn(app, { ...cookie, ...changes });

describe("a cookie opens nothing when", () => {
  test("its secret is another one", async () => assert.equal(await closed({ secret: randomBase64Url() }), false));
  test("its account is another one", async () => {
    const bob = await signIn(app, "bob");
    assert.equal(await closed({ accountKey: bob.accountKey }), false);
  });
  test("its account is unknown", async () => assert.equal(await closed({ accountKey: randomBase64Url() }), false));
  test("what is sealed in the store was exchanged for another session's", async () => {
    const other = await signIn(app, "ada", { sid: "t" });
    const { accounts } = app.memory;
    const seen = (await accounts.read(cookie.accountKey, invocation().signal)) ?? assert.fail();
    const { sessions } = seen.document;
    const stolen = {
      ...(sessions[other.sessionKey] ?? assert.fail()),
      sealed: sessions[cookie.sessionKey]?.sealed ?? "",
    };
    await accounts.replace(
      { ...seen.document, sessions: { ...sessions, [other.sessionKey]: stolen } },
      seen.etag,
      invocation().signal,
    );
    assert.equal(await isSignedIn(app, other), false);
    assert.equal(await isSignedIn(app, cookie), true);
  });
  test("the store cannot be asked: that is a failure, not a signed-out person", async () => {
    app.memory.accounts.before = () => {
      throw new StoreUnavailableError("read in accounts");
    };
    await assert.rejects(visit(app, cookie), isProblem("store_unavailable"));
  });
});

describe("using a session", () => {
  test("extends its idle lifetime by a write only when a good part of it has passed", async () => {
    const before = writes();
    pass(14);
    await useSession(app, await session(), invocation());
    assert.equal(writes(), before);
    pass(1);
    await useSession(app, await session(), invocation());
    assert.equal(writes(), before + 1);
    assert.equal(endOf((await session()).stored, app.timing.lifetimes), Date.now() + 60 * minute);
  });

  test("goes on when the extension cannot be stored, and tells the operator", async () => {
    pass(20);
    const open = await session();
    app.memory.accounts.before = () => {
      throw new StoreUnavailableError("replace in accounts");
    };
    const asked = invocation();
    await useSession(app, open, asked);
    assert.deepEqual(
      asked.events.map(({ level, attributes }) => [level, attributes["code"]]),
      [["warn", "store_unavailable"]],
    );
  });
});

test("the extension of the idle lifetime leaves time for what the session is used for", async () => {
  pass(20);
  const open = await session();
  const timeouts = controlledTimeouts();
  const { accounts } = app.memory;
  mock.method(accounts, "replace", async (...[, , signal]: Parameters<typeof accounts.replace>) => {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw new StoreUnavailableError("replace in accounts");
  });
  const extended = useSession(app, open, invocation());
  timeouts.pass(4_000);
  await extended;
});

const listOf = ({ account, sessionKey }: ResolvedSession, now: number) =>
  listSessions(account.document, app.configuration.session, now, sessionKey);

test("the list of sessions holds the live ones, the one last seen first, and says which one asks", async () => {
  pass(30);
  const phone = await signIn(app, "ada", { sid: "p" });
  const list = listOf(await session(), Date.now());
  assert.deepEqual(
    list.map(({ id, current }) => [id, current]),
    [
      [phone.sessionKey, false],
      [cookie.sessionKey, true],
    ],
  );
  assert.deepEqual(listOf(await session(), Date.now() + 30 * minute).length, 1);
  assert.doesNotMatch(JSON.stringify(list), /sealed|"sid"/);
});
