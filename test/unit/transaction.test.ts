import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, describe, mock, test } from "node:test";
import {
  beginTransaction,
  finishedSignIn,
  finishTransaction,
  forgetFinishedSignIns,
  knownTransaction,
  type SignInTransaction,
} from "../../shared/sign-in/transaction.ts";
import { codeChallengeOf, newTransaction } from "../../shared/sign-in/new-transaction.ts";
import { exactClock } from "./support/app.ts";
import { browser, type Browser } from "./support/browser.ts";
import { isProblem } from "./support/is-problem.ts";

const clock = exactClock();
const unknown = isProblem("signin_unknown");

function begin(person: Browser, returnUrl = "/"): SignInTransaction {
  const transaction = newTransaction(returnUrl, false, clock);
  const jar = person.request();
  beginTransaction(jar, transaction);
  person.receive(jar);
  return transaction;
}

function complete(person: Browser, state: string): SignInTransaction {
  const jar = person.request();
  const transaction = knownTransaction(jar, state, clock);
  finishTransaction(jar, transaction);
  person.receive(jar);
  return transaction;
}

/** Changes what the browser holds of its one sign-in. */
function tamper(person: Browser, change: (transaction: Record<string, unknown>) => unknown): void {
  const [[name, value] = assert.fail()] = person.cookies;
  const transaction = JSON.parse(Buffer.from(value, "base64url").toString()) as Record<string, unknown>;
  const changed = Buffer.from(JSON.stringify(change(transaction))).toString("base64url");
  (person.cookies as Map<string, string>).set(name, changed);
}

describe("a sign-in under way", () => {
  test("is answered by the browser that began it, with what it began with", () => {
    const person = browser();
    const begun = begin(person, "/reports");
    assert.deepEqual(complete(person, begun.state), begun);
  });

  test("is answered once", () => {
    const person = browser();
    const { state } = begin(person);
    complete(person, state);
    assert.throws(() => complete(person, state), unknown);
  });

  test("leaves a note of where it led, with nothing to sign in with, until somebody signs out", () => {
    const person = browser();
    const { state, nonce, codeVerifier } = begin(person, "/reports");
    assert.equal(finishedSignIn(person.request(), state), undefined);
    complete(person, state);
    assert.equal(finishedSignIn(person.request(), state)?.returnUrl, "/reports");
    for (const other of ["", "x", nonce]) assert.equal(finishedSignIn(person.request(), other), undefined);
    const kept = Buffer.from([...person.cookies.values()].join(), "base64url").toString();
    assert.ok(!kept.includes(nonce) && !kept.includes(codeVerifier));
    const underWay = begin(person).state;
    const leaving = person.request();
    forgetFinishedSignIns(leaving);
    person.receive(leaving);
    assert.equal(finishedSignIn(person.request(), state), undefined);
    assert.equal(complete(person, underWay).state, underWay);
  });

  test("makes room for others once it is finished", () => {
    const person = browser();
    const first = begin(person);
    complete(person, first.state);
    const states = Array.from({ length: 6 }, () => begin(person).state);
    assert.equal(finishedSignIn(person.request(), first.state), undefined);
    for (const state of states) assert.equal(complete(person, state).state, state);
  });

  test("leaves a second tab's alone", () => {
    const person = browser();
    const [first, second] = [begin(person, "/first"), begin(person, "/second")];
    assert.equal(complete(person, second.state).returnUrl, "/second");
    assert.equal(complete(person, first.state).returnUrl, "/first");
  });

  test("never repeats its random parts, and has each of them for one purpose", () => {
    const parts = Array.from({ length: 50 }, () => newTransaction("/", false, exactClock())).flatMap((t) => [
      t.state,
      t.nonce,
      t.codeVerifier,
    ]);
    assert.equal(new Set(parts).size, parts.length);
    assert.ok(parts.every((part) => /^[A-Za-z0-9_-]{43}$/.test(part)));
  });

  test("sends the hash of its code verifier (RFC 7636, S256)", () => {
    const transaction = newTransaction("/", false, exactClock());
    const expected = createHash("sha256").update(transaction.codeVerifier, "ascii").digest("base64url");
    assert.equal(codeChallengeOf(transaction), expected);
  });

  test("is kept for a quarter of an hour, where scripts do not see it", () => {
    const jar = browser().request();
    beginTransaction(jar, newTransaction("/", false, exactClock()));
    const [cookie = assert.fail()] = jar.changes;
    const { name, maxAge, httpOnly, secure, sameSite, path } = cookie;
    assert.match(name, /^__Host-signin-[A-Za-z0-9_-]{16}$/);
    assert.deepEqual(
      { maxAge, httpOnly, secure, sameSite, path },
      { maxAge: 900, httpOnly: true, secure: true, sameSite: "Lax", path: "/" },
    );
  });
});

describe("an answer that this browser did not ask for is refused", () => {
  const states = ["", "x", "0".repeat(43), "../", "__proto__", "é", "x".repeat(10_000)];
  for (const state of states) {
    test(`with the state ${JSON.stringify(state.slice(0, 20))}`, () => {
      const person = browser();
      begin(person);
      assert.throws(() => complete(person, state), unknown);
    });
  }

  test("with another browser's state (login CSRF)", () => {
    const [victim, attacker] = [browser(), browser()];
    begin(victim);
    const { state } = begin(attacker);
    assert.throws(() => complete(victim, state), unknown);
  });

  test("without cookies", () => {
    const { state } = begin(browser());
    assert.throws(() => complete(browser(), state), unknown);
  });

  test("and leaves the sign-in that is really under way alone", () => {
    const person = browser();
    const { state } = begin(person);
    assert.throws(() => complete(person, "other"), unknown);
    assert.equal(complete(person, state).state, state);
  });
});

describe("a sign-in is refused when its cookie", () => {
  const changes: readonly [what: string, change: (t: Record<string, unknown>) => unknown][] = [
    ["names another state", (t) => ({ ...t, state: "other" })],
    ["has no nonce", (t) => ({ ...t, nonce: "" })],
    ["has no code verifier", (t) => ({ ...t, codeVerifier: undefined })],
    ["has a return URL that is no text", (t) => ({ ...t, returnUrl: { href: "/" } })],
    ["does not say when it began", (t) => ({ ...t, startedAt: "now" })],
    ["does not say whether it is silent", (t) => ({ ...t, silent: 1 })],
    ["has an age that is no number", (t) => ({ ...t, maxAge: "0" })],
    ["is a list", () => []],
    ["is null", () => null],
  ];
  for (const [what, change] of changes) {
    test(what, () => {
      const person = browser();
      const { state } = begin(person);
      tamper(person, change);
      assert.throws(() => complete(person, state), unknown);
    });
  }

  test("is cut off or no base64url", () => {
    for (const value of ["", "e30", "%%%", "{}", "eyJzdGF0ZSI6"]) {
      const person = browser();
      const { state } = begin(person);
      const [name = assert.fail()] = person.cookies.keys();
      (person.cookies as Map<string, string>).set(name, value);
      assert.throws(() => complete(person, state), unknown, value);
    }
  });
});

describe("a sign-in that took too long", () => {
  afterEach(() => mock.timers.reset());

  test("is refused, although the browser still holds the cookie", () => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
    const person = browser();
    const { state } = begin(person);
    mock.timers.setTime(1_000_000 + 15 * 60_000);
    assert.throws(() => complete(person, state), unknown);
  });

  test("may take almost a quarter of an hour", () => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
    const person = browser();
    const { state } = begin(person);
    mock.timers.setTime(1_000_000 + 15 * 60_000 - 1);
    assert.equal(complete(person, state).state, state);
  });
});

describe("a sign-in that began in the future", () => {
  afterEach(() => mock.timers.reset());

  test("as a browser may say, so that no sign-out counts against it, is refused", () => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000_000 });
    for (const startedAt of [1_000_000_000 + 6 * 60_000, 1e300]) {
      const person = browser();
      const { state } = begin(person);
      tamper(person, (transaction) => ({ ...transaction, startedAt }));
      assert.throws(() => complete(person, state), unknown);
    }
  });

  test("as a browser may say by the count of this instance, is not known to be later than any sign-out", () => {
    for (const ahead of [1_000, 1e300]) {
      const person = browser();
      const { state } = begin(person);
      const { process, at } = clock.tick();
      tamper(person, (transaction) => ({ ...transaction, startedTick: { process, at: at + ahead } }));
      assert.equal(complete(person, state).startedTick, undefined);
    }
  });

  test("as far as the clock leaves that open, is no such one: it counts as begun at the earliest that it can have", () => {
    const doubtful = { ...clock, bounds: () => ({ earliest: 1_000_000_000, latest: 1_000_004_000 }) };
    assert.equal(newTransaction("/", false, doubtful).startedAt, 1_000_000_000);
  });

  test("by the clock of another instance, began now at the latest", () => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000_000 });
    const person = browser();
    const { state } = begin(person);
    mock.timers.setTime(1_000_000_000 - 60_000);
    assert.equal(complete(person, state).startedAt, 1_000_000_000 - 60_000);
  });
});

describe("many sign-ins at once", () => {
  afterEach(() => mock.timers.reset());

  test("do not fill the browser with cookies: at some point the others are dropped", () => {
    const person = browser();
    for (let index = 0; index < 50; index++) {
      begin(person);
      assert.ok(person.cookies.size <= 6, `${person.cookies.size} cookies`);
    }
  });

  test("leave the last six working, and other cookies alone: only the oldest makes room", () => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000_000 });
    const person = browser();
    (person.cookies as Map<string, string>).set("__Host-session", "s");
    const states = Array.from({ length: 8 }, () => {
      mock.timers.tick(1);
      return begin(person).state;
    });
    for (const state of states.slice(0, 2)) assert.throws(() => complete(person, state), unknown);
    for (const state of states.slice(2)) assert.equal(complete(person, state).state, state);
    assert.equal(person.cookies.get("__Host-session"), "s");
  });

  test("make room first where nothing can come of one any more", () => {
    mock.timers.enable({ apis: ["Date"], now: 1_000_000_000 });
    const useless: readonly ((t: Record<string, unknown>) => unknown)[] = [
      () => null,
      (t) => ({ ...t, startedAt: 1_000_000_000 - 15 * 60_000 }),
      (t) => ({ ...t, startedAt: 1_000_000_000 + 6 * 60_000 }),
      (t) => ({ ...t, state: "another" }),
    ];
    for (const change of useless) {
      const person = browser();
      begin(person);
      tamper(person, change);
      const [name = assert.fail()] = person.cookies.keys();
      const states = Array.from({ length: 6 }, () => begin(person).state);
      assert.equal(person.cookies.has(name), false);
      for (const state of states) assert.equal(complete(person, state).state, state);
    }
  });

  test("by the hundred, as only a broken browser sends them, are down to six again", () => {
    const person = browser();
    for (let index = 0; index < 100; index++) {
      (person.cookies as Map<string, string>).set(`__Host-signin-${String(index).padStart(16, "0")}`, "x");
    }
    const { state } = begin(person);
    assert.equal(person.cookies.size, 6);
    assert.equal(complete(person, state).state, state);
  });

  test("with the longest return URLs stay below what servers accept as headers", () => {
    const person = browser();
    for (let index = 0; index < 6; index++) begin(person, `/${"x".repeat(999)}`);
    assert.ok(person.header.length < 12_000, `${person.header.length} bytes`);
  });
});
