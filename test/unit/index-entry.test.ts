import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sessionKeyOf } from "../../shared/account/document.ts";
import { entryOf, storedOf, type EntryKind, type IndexEntry } from "../../shared/account/index-entry.ts";
import { isStoredEntry, unreadableEntry, type StoredEntry } from "../../shared/account/stored-entry.ts";

const [accountKey = "", sessionKey = "", jti = ""] = ["account", "session", "token"].map(sessionKeyOf);
const signedOutAt = "2026-03-01T12:00:00.000Z";
const signedOutTick = { process: "p", at: 1 };
const claim = { accountKey, sessionKey };

/** Each entry, and the document that every version so far has stored for it. */
const entries: Readonly<Record<string, readonly [IndexEntry, object]>> = {
  "a sid that a session has claimed": [
    { kind: "sid or subject", id: "i", ttl: 3600, claim, mark: null },
    { id: "i", ttl: 3600, accountKey, sessionKey, signedOutAt: null },
  ],
  "a subject that an account has claimed": [
    { kind: "sid or subject", id: "i", ttl: 3600, claim: { accountKey, sessionKey: null }, mark: null },
    { id: "i", ttl: 3600, accountKey, sessionKey: null, signedOutAt: null },
  ],
  "a sid that was signed out and that nobody has claimed": [
    { kind: "sid or subject", id: "i", ttl: 900, claim: null, mark: { signedOutAt } },
    { id: "i", ttl: 900, accountKey: null, sessionKey: null, signedOutAt },
  ],
  "a sid that was claimed, and signed out by logout tokens": [
    { kind: "sid or subject", id: "i", ttl: 3600, claim, mark: { signedOutAt, signedOutTick }, jtis: [jti] },
    { id: "i", ttl: 3600, accountKey, sessionKey, signedOutAt, signedOutTick, jtis: [jti] },
  ],
  "a logout token that was used": [
    { kind: "logout token", id: "i", ttl: 1500, mark: { signedOutAt, signedOutTick } },
    { id: "i", ttl: 1500, accountKey: null, sessionKey: null, signedOutAt, signedOutTick },
  ],
  "a session of another account that has succeeded a session": [
    { kind: "succession", id: "i", ttl: 10_800, successor: { ...claim, since: signedOutAt } },
    { id: "i", ttl: 10_800, accountKey, sessionKey, signedOutAt },
  ],
};

/** Without what is undefined: it is not in the JSON either. */
const asJson = (value: object): unknown => JSON.parse(JSON.stringify(value));

for (const [what, [entry, document]] of Object.entries(entries)) {
  describe(`the entry of ${what}`, () => {
    test("is stored as every version so far has stored it", () => {
      assert.deepEqual(asJson(storedOf(entry)), document);
    });

    test("is read from that document", () => {
      const stored = { ...document, writeId: "w", _ts: 1 };
      // Azure Cosmos DB adds when it was written, which is long before the sign-out here.
      assert.ok(isStoredEntry({ ...stored, _ts: Date.parse(signedOutAt) / 1000 }));
      assert.deepEqual(asJson(entryOf(entry.kind, stored as unknown as StoredEntry)), entry);
    });
  });
}

const stored: StoredEntry = { id: "i", ttl: 1, writeId: "w", accountKey, sessionKey, signedOutAt };

test("the caller says of which kind an entry is: a succession has the same members as a sid that was signed out", () => {
  assert.deepEqual(entryOf("succession", stored).successor, { ...claim, since: signedOutAt });
  const { claim: claimed, mark } = entryOf("sid or subject", stored);
  assert.deepEqual([claimed, mark], [claim, { signedOutAt }]);
});

test("a note of succession that does not name session, account and time says nothing", () => {
  for (const lost of [{ accountKey: null }, { sessionKey: null }, { signedOutAt: null }]) {
    assert.equal(entryOf("succession", { ...stored, ...lost }).successor, null);
  }
});

test("that an entry could not be read is known of it, and never stored", () => {
  const guessed = entryOf("sid or subject", unreadableEntry({ ...stored, sessionKey: 5 }));
  assert.equal(guessed.unreadable, true);
  assert.ok(!("unreadable" in storedOf(guessed)));
});

test("what an entry of each kind does not know is stored as null, because earlier versions read nothing else", () => {
  const nothing = { id: "i", ttl: 1, writeId: "w", accountKey: null, sessionKey: null, signedOutAt: null };
  for (const kind of ["sid or subject", "logout token", "succession"] satisfies EntryKind[]) {
    const { writeId: _, ...expected } = nothing;
    assert.deepEqual(asJson(storedOf(entryOf(kind, nothing))), expected, kind);
  }
});
