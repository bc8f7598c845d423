import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  addBeside,
  endForAdded,
  type AddedSession,
  maxSessionsBytes,
  changeSession,
} from "../../shared/account/fit-session.ts";
import {
  endOf,
  isAccountDocument,
  liveSession,
  removeSessions,
  ttlOf,
  type Change,
  type StoredSession,
} from "../../shared/account/document.ts";
import { isProblem } from "./support/is-problem.ts";
import { accountDocument, at, start, storedSession } from "./support/stored-session.ts";

const limits = { idleTimeoutMinutes: 60, maxPerAccount: 3 };
const minute = 60_000;
const keysAfter = (change: Change) => (change.kind === "replace" ? Object.keys(change.sessions).sort() : change.kind);

describe("a session", () => {
  const session = storedSession(0, { expiresAt: at(90) });
  const document = accountDocument({ key: session });
  const aliveAt = (minutes: number, used: number) => {
    const one = accountDocument({ key: { ...session, lastSeenAt: at(used) } });
    return liveSession(one, "key", limits, start + minutes * minute) !== undefined;
  };

  test("ends when it has not been used for the idle lifetime", () => {
    assert.equal(aliveAt(59, 0), true);
    assert.equal(aliveAt(60, 0), false);
  });

  test("lives on when it is used", () => assert.equal(aliveAt(80, 50), true));

  test("ends with its absolute lifetime, however much it is used", () => {
    assert.equal(aliveAt(89, 89), true);
    assert.equal(aliveAt(90, 89), false);
  });

  test("does not outlive a clock that cannot be read", () => {
    const broken = accountDocument({ key: { ...session, lastSeenAt: "yesterday" } });
    assert.equal(liveSession(broken, "key", limits, start), undefined);
  });

  test("is not found under a name that every object has", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      assert.equal(liveSession(document, name, limits, start), undefined, name);
    }
  });
});

/** What becomes of a document by a sign-in, from beginning to end. */
function addSession(
  sessions: Record<string, StoredSession>,
  added: AddedSession,
  cap: typeof limits,
  now: number,
): Change {
  const beside = addBeside(sessions, added, cap, now);
  const change = endForAdded(accountDocument({ ...beside.sessions }), added, cap);
  return change.kind === "none" ? beside : change;
}

const add = (sessions: Record<string, StoredSession>, now = 100, replaces?: string) =>
  addSession(sessions, { sessionKey: "new", session: storedSession(now), replaces }, limits, start + now * minute);

const now100 = start + 100 * minute;

describe("a new session", () => {
  test("is added to the others", () => {
    assert.deepEqual(keysAfter(add({ a: storedSession(80) })), ["a", "new"]);
  });

  test("takes the place of the oldest when there are as many as allowed", () => {
    const full = { a: storedSession(81), oldest: storedSession(80), c: storedSession(82) };
    assert.deepEqual(keysAfter(add(full)), ["a", "c", "new"]);
  });

  test("takes the place of this browser's earlier one, rather than of the oldest", () => {
    const full = { a: storedSession(81), oldest: storedSession(80), mine: storedSession(82) };
    assert.deepEqual(keysAfter(add(full, 100, "mine")), ["a", "new", "oldest"]);
  });

  test("is the newest one even where its instance knows the time less well than the one that opened the others", () => {
    const sharp = { sharp: storedSession(100, { createdAt: at(100) }) };
    const vague = storedSession(100, { createdAt: new Date(start + 100 * minute - 1900).toISOString() });
    const one = { ...limits, maxPerAccount: 2 };
    const second = addSession(sharp, { sessionKey: "second", session: vague, replaces: undefined }, one, now100);
    assert.equal(second.kind, "replace");
    const sessions = second.kind === "replace" ? { ...second.sessions } : {};
    const third = addSession(sessions, { sessionKey: "third", session: vague, replaces: undefined }, one, now100);
    assert.deepEqual(keysAfter(third), ["second", "third"]);
  });

  test("takes no date from a session whose own is impossible", () => {
    for (const createdAt of [at(200), "yesterday", ""]) {
      const change = add({ odd: storedSession(100, { createdAt }) });
      assert.equal(change.kind === "replace" && change.sessions["new"]?.createdAt, at(100));
    }
  });

  test("takes the place of what has expired", () => {
    const idle = storedSession(0);
    const expired = storedSession(0, { lastSeenAt: at(99), expiresAt: at(100) });
    assert.deepEqual(keysAfter(add({ idle, expired, alive: storedSession(99) })), ["alive", "new"]);
  });

  test("is the only one where one is allowed", () => {
    const one = { ...limits, maxPerAccount: 1 };
    const added = { sessionKey: "new", session: storedSession(100), replaces: undefined };
    const change = addSession({ a: storedSession(99), b: storedSession(98) }, added, one, start + 100 * minute);
    assert.deepEqual(keysAfter(change), ["new"]);
  });

  test("added a second time, because the first answer was lost, costs nobody else a session", () => {
    const full = { a: storedSession(81), b: storedSession(82), new: storedSession(100) };
    assert.deepEqual(keysAfter(add(full)), ["a", "b", "new"]);
  });
});

const touch = (session: StoredSession) => ({ ...session, lastSeenAt: at(5) });

describe("changing a session", () => {
  const document = accountDocument({ a: storedSession(), b: storedSession() });

  test("leaves the others alone and the document as it was read", () => {
    const change = changeSession(document, "a", touch);
    const expected = { a: storedSession(0, { lastSeenAt: at(5) }), b: storedSession() };
    assert.deepEqual(change, { kind: "replace", sessions: expected });
    assert.equal(document.sessions["a"]?.lastSeenAt, at(0));
  });

  test("does not bring back one that is gone", () => {
    assert.deepEqual(changeSession(document, "gone", touch), { kind: "none" });
  });

  test("does not take what every object has for a session", () => {
    assert.deepEqual(changeSession(document, "constructor", touch), { kind: "none" });
  });
});

/** One of `bytes` as JSON in UTF-8, nearly. */
const large = (createdAt: number, bytes: number) => storedSession(createdAt, { sealed: "x".repeat(bytes) });
const many = (count: number, bytes: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, large(index, bytes)]));
const bytesOf = (change: Change) =>
  change.kind === "replace" ? Buffer.byteLength(JSON.stringify(change.sessions)) : assert.fail(change.kind);
const wide = { ...limits, idleTimeoutMinutes: 720, maxPerAccount: 50 };
const addTo = (sessions: Record<string, StoredSession>, session: StoredSession) =>
  addSession(sessions, { sessionKey: "new", session, replaces: undefined }, wide, start + 100 * minute);
const grow = (session: StoredSession) => ({ ...session, sealed: "x".repeat(1_900_000) });

describe("a new session whose sign-in may yet fail", () => {
  const added: AddedSession = { sessionKey: "new", session: storedSession(100), replaces: "mine" };
  const now = start + 100 * minute;
  const full = { a: storedSession(81), oldest: storedSession(80), mine: storedSession(82, { sid: "s" }) };
  const beside = addBeside(full, added, limits, now).sessions;

  test("ends none, neither this browser's earlier one nor the oldest", () => {
    assert.deepEqual(Object.keys(beside).sort(), ["a", "mine", "new", "oldest"]);
    assert.equal(beside["new"]?.replacedSid, "s");
  });

  test("ends them when it is complete", () => {
    assert.deepEqual(keysAfter(endForAdded(accountDocument(beside), added, limits)), ["a", "new", "oldest"]);
    const another = { ...added, replaces: undefined };
    assert.deepEqual(keysAfter(endForAdded(accountDocument(beside), another, limits)), ["a", "mine", "new"]);
  });

  test("ends none that it need not, so that there is nothing to write", () => {
    const alone = addBeside({ a: storedSession(81) }, added, limits, now).sessions;
    assert.deepEqual(endForAdded(accountDocument(alone), added, limits), { kind: "none" });
  });

  test("that was signed out meanwhile ends the browser's earlier one all the same, and no other", () => {
    assert.deepEqual(keysAfter(endForAdded(accountDocument(full), added, limits)), ["a", "oldest"]);
    const alone = accountDocument({ mine: storedSession(82) });
    assert.deepEqual(endForAdded(alone, added, limits), { kind: "delete" });
  });

  test("lets the oldest make room where the store would take no more, this browser's earlier one last", () => {
    const bytes = 700_000;
    const sessions = { mine: large(80, bytes), a: large(81, bytes), b: large(82, bytes) };
    const change = addBeside(sessions, { ...added, session: large(100, bytes) }, limits, now);
    assert.deepEqual(keysAfter(change), ["mine", "new"]);
  });
});

describe("a document that grows too large", () => {
  test("lets the oldest sessions make room for a new one, and no more than it takes", () => {
    const change = addTo(many(49, 40_000), large(100, 40_000));
    assert.ok(bytesOf(change) <= maxSessionsBytes);
    assert.ok(bytesOf(change) > maxSessionsBytes - 41_000);
    const keys = keysAfter(change);
    assert.ok(keys.includes("new") && keys.includes("s48") && !keys.includes("s0"));
  });

  test("lets the oldest other session make room for one whose tokens have grown, though that is older still", () => {
    const document = accountDocument(many(47, 40_000));
    const grown = changeSession(document, "s0", (session) => ({ ...session, sealed: "x".repeat(80_000) }));
    const keys = keysAfter(grown);
    assert.ok(bytesOf(grown) <= maxSessionsBytes);
    assert.ok(keys.includes("s0") && !keys.includes("s1") && keys.includes("s46"));
  });

  test("is measured in bytes, not in characters", () => {
    const euro = "€".repeat(700_000);
    assert.throws(() => addTo({}, storedSession(100, { userAgent: euro })), isProblem("session_too_large"));
    assert.throws(
      () => addTo({}, storedSession(100, { userAgent: '"'.repeat(1_000_000) })),
      isProblem("session_too_large"),
    );
  });

  test("says so when one session does not fit alone, and touches no other", () => {
    assert.throws(() => addTo(many(2, 100), large(100, 1_900_000)), isProblem("session_too_large"));
    assert.throws(() => changeSession(accountDocument(many(2, 100)), "s1", grow), isProblem("session_too_large"));
  });

  test("loses nobody's session while it fits", () => {
    assert.equal(keysAfter(addTo(many(46, 40_000), large(100, 40_000))).length, 47);
  });
});

describe("removing sessions", () => {
  const document = accountDocument({ a: storedSession(0, { sid: "s" }), b: storedSession(0, { sid: "t" }) });

  test("leaves the others", () => assert.deepEqual(keysAfter(removeSessions(document, ["a"])), ["b"]));
  test("takes the document with the last one", () => {
    assert.deepEqual(removeSessions(document, ["a", "b"]), { kind: "delete" });
  });
  test("changes nothing when none is named", () => {
    assert.deepEqual(removeSessions(document, ["c"]), { kind: "none" });
  });
  test("changes nothing in a document without sessions", () => {
    assert.deepEqual(removeSessions(accountDocument({}), ["a"]), { kind: "none" });
  });
});

describe("the document's time to live", () => {
  test("is that of the session that ends last, rounded up to a second", () => {
    const sessions = { a: storedSession(0), b: storedSession(30), c: storedSession(40, { expiresAt: at(50) }) };
    assert.equal(ttlOf(sessions, limits, start), 90 * 60);
    assert.equal(ttlOf(sessions, limits, start + 1), 90 * 60);
    assert.equal(endOf(sessions.b, limits), start + 90 * minute);
  });

  test("is at least a second, which Azure Cosmos DB needs", () => {
    assert.equal(ttlOf({ a: storedSession() }, limits, start + 999 * minute), 1);
    assert.equal(ttlOf({}, limits, start), 1);
  });
});

describe("what is read from the store is taken for an account only if it", () => {
  const good = accountDocument({ a: storedSession() });
  const withSession = (changes: object) => ({ ...good, sessions: { a: { ...storedSession(), ...changes } } });

  test("is one", () => assert.ok(isAccountDocument({ ...good, _etag: "x", _ts: 1 })));
  test("is one without sessions", () => assert.ok(isAccountDocument({ ...good, sessions: {} })));

  const others: readonly [what: string, value: unknown][] = [
    ["is an object", "account"],
    ["is not null", null],
    ["is not a list", [good]],
    ["has sessions", { id: "a", writeId: "w" }],
    ["has sessions by key", { ...good, sessions: [] }],
    ["has a write id", { ...good, writeId: undefined }],
    ["has sessions that are objects", { ...good, sessions: { a: null } }],
    ["has times that can be read", withSession({ expiresAt: "never" })],
    ["has a seal", withSession({ sealed: undefined })],
    ["has a sid or says that there is none", withSession({ sid: undefined })],
    ["names a replaced session by its key, if at all", withSession({ replaced: 1 })],
  ];
  for (const [what, value] of others) test(what, () => assert.equal(isAccountDocument(value), false));
});
