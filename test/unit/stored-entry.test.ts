import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sessionKeyOf } from "../../shared/account/document.ts";
import { isStoredEntry, unreadableEntry } from "../../shared/account/stored-entry.ts";
import type { StoredEntry } from "../../shared/account/stored-entry.ts";

const [accountKey, sessionKey, jti] = ["account", "session", "token"].map(sessionKeyOf);
/** When the entry was last written, by the store's clock. */
const written = Date.parse("2026-03-01T12:00:00.000Z");
const at = (ms: number) => new Date(written + ms).toISOString();
const good = { id: "s", accountKey, sessionKey, signedOutAt: null, ttl: 3600, writeId: "w", _ts: written / 1000 };

describe("what is read from the index is taken for an entry if it", () => {
  test("is one, whatever else another version has put in", () => {
    assert.ok(isStoredEntry(good));
    assert.ok(isStoredEntry({ ...good, accountKey: null, sessionKey: null }));
    assert.ok(isStoredEntry({ ...good, signedOutAt: at(-5), jtis: [jti] }));
    assert.ok(isStoredEntry({ ...good, signedOutAt: at(60_000) }), "an instance's clock may be ahead");
    assert.ok(isStoredEntry({ ...good, version: 2, more: { accounts: [] } }));
  });

  const others: Readonly<Record<string, unknown>> = {
    "is an object": "entry",
    "is not null": null,
    "is not a list": [good],
    "says where it leads": { ...good, accountKey: undefined },
    "leads to an account by its key": { ...good, accountKey: "a/b" },
    "leads to one account": { ...good, accountKey: [accountKey] },
    "is not padded": { ...good, accountKey: "a".repeat(1_000_000) },
    "names a session or says that there is none": { ...good, sessionKey: 5 },
    "says whether it was signed out": { ...good, signedOutAt: undefined },
    "has a time that is text": { ...good, signedOutAt: written },
    "has a time that can be read": { ...good, signedOutAt: "yesterday" },
    "has a time that can be compared as text": { ...good, signedOutAt: "2026-03-01T13:00:00+02:00" },
    "is not signed out in the future": { ...good, signedOutAt: "9999-12-31T23:59:59.999Z" },
    "says how long it is needed": { ...good, ttl: undefined },
    "is needed for a time": { ...good, ttl: "3600" },
    ends: { ...good, ttl: -1 },
    "has tokens in a list": { ...good, jtis: {} },
    "has tokens as text": { ...good, jtis: [5] },
  };
  for (const [what, value] of Object.entries(others)) test(what, () => assert.equal(isStoredEntry(value), false));
});

function healed(changes: object): StoredEntry {
  const entry = unreadableEntry({ ...good, ...changes });
  assert.ok(isStoredEntry(entry), "what it is taken for cannot be read either");
  return entry;
}

describe("an entry that cannot be read", () => {
  test("still leads to its account, wherever that stands", () => {
    assert.equal(healed({ sessionKey: {} }).accountKey, accountKey);
    assert.equal(healed({ accountKey: [accountKey] }).accountKey, accountKey);
    assert.equal(healed({ accountKey: { key: accountKey } }).accountKey, accountKey);
    assert.equal(healed({ accountKey: 5, accounts: [{ key: accountKey }] }).accountKey, accountKey);
  });

  test("leads to nobody where no account is named, and what is no account's key is not taken for one", () => {
    for (const wrong of [undefined, null, 5, "", "a/b", "a".repeat(1_000_000), [], [null], {}, [[[[[accountKey]]]]]]) {
      assert.equal(healed({ accountKey: wrong, ttl: "?" }).accountKey, null);
    }
  });

  test("counts as signed out when it was last written, where it may say that it was", () => {
    for (const mark of [undefined, 5, {}, [], "yesterday", true, "9999-12-31T23:59:59.999Z"]) {
      assert.equal(healed({ signedOutAt: mark }).signedOutAt, at(0), JSON.stringify(mark));
    }
  });

  test("keeps the time of its sign-out where that can be read, in the one spelling that is compared", () => {
    assert.equal(healed({ sessionKey: 5, signedOutAt: at(-60_000) }).signedOutAt, at(-60_000));
    assert.equal(healed({ signedOutAt: "2026-03-01T13:59:00+02:00" }).signedOutAt, at(-60_000));
    assert.equal(healed({ sessionKey: 5 }).signedOutAt, null);
  });

  test("is kept as long as any session can live where it does not say how long", () => {
    for (const ttl of [undefined, null, "3600", -1, 0, 1.5, NaN]) assert.equal(healed({ ttl }).ttl, 90 * 24 * 3600);
    assert.equal(healed({ sessionKey: 5 }).ttl, 3600);
  });

  test("keeps the tokens that can be read, so that none of them is taken twice", () => {
    assert.deepEqual(healed({ sessionKey: 5, jtis: [jti, 5, null] }).jtis, [jti]);
    assert.equal(healed({ jtis: "none" }).jtis, undefined);
  });
});
