import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decideClaim, type NewClaim } from "../../shared/account/claim.ts";
import type { SidEntry } from "../../shared/account/index-entry.ts";
import type { Mark } from "../../shared/account/signed-out-since.ts";
import { decideMark, type MarkWritten, type NewMark } from "../../shared/account/mark.ts";
import { decideToken } from "../../shared/account/remembered-token.ts";

const start = Date.parse("2026-03-01T12:00:00.000Z");
const markAt = (seconds: number, tick?: readonly [process: string, at: number]): Mark => ({
  signedOutAt: new Date(start + seconds * 1000).toISOString(),
  ...(tick && { signedOutTick: { process: tick[0], at: tick[1] } }),
});
const sid = (changes: Partial<SidEntry> = {}): SidEntry => {
  return { kind: "sid or subject", id: "s", claim: null, mark: null, jtis: undefined, ttl: 960, ...changes };
};
const version = (document: SidEntry, etag = "1") => ({ document, etag });
const ada = { accountKey: "ada", sessionKey: "adas" };
const bruno = { accountKey: "bruno", sessionKey: "brunos" };

describe("the claim of a sid by a sign-in", () => {
  const claim: NewClaim = { id: "s", ...ada, ttl: 3600, startedAt: start };
  const claimed = { outcome: "claimed" } as const;

  test("where there is no entry creates one that leads to the account", () => {
    assert.deepEqual(decideClaim(claim, undefined, 1), { write: sid({ claim: ada, ttl: 3600 }), result: claimed });
  });

  test("keeps the mark, the logout tokens and a longer time to live", () => {
    const kept = { mark: markAt(-1), jtis: ["t"], ttl: 7200 };
    const entry = version(sid({ ...kept, claim: { ...ada, sessionKey: "earlier" } }));
    assert.deepEqual(decideClaim(claim, entry, 1), { write: sid({ ...kept, claim: ada }), result: claimed });
  });

  test("is refused, and writes nothing, if the sid was signed out since the sign-in began", () => {
    for (const attempt of [1, 2]) {
      const decision = decideClaim(claim, version(sid({ claim: ada, ttl: 3600, mark: markAt(0) })), attempt);
      assert.deepEqual(decision, { result: { outcome: "signed out" } });
    }
  });

  describe("that leads to another account", () => {
    const entry = version(sid({ claim: bruno }));
    const other = { outcome: "other account", accountKey: "bruno", seen: entry } as const;

    test("names that account and the version, and writes nothing", () => {
      assert.deepEqual(decideClaim(claim, entry, 1), { result: other });
    });

    test("takes the entry in the version for which the caller has ended that account's sessions, and in no later one", () => {
      const taking = { ...claim, takesFrom: other };
      assert.deepEqual(decideClaim(taking, entry, 1).write, sid({ claim: ada, ttl: 3600 }));
      const later = version(entry.document, "2");
      assert.deepEqual(decideClaim(taking, later, 2), { result: { ...other, seen: later } });
    });

    test("takes a subject from any account", () => {
      const decision = decideClaim({ ...claim, sessionKey: null, takesFrom: "any account" }, entry, 1);
      assert.deepEqual(decision.write?.claim, { accountKey: "ada", sessionKey: null });
    });
  });

  test("leaves alone what another sign-in of the account has written since, if that is as good", () => {
    const written = sid({ claim: { ...ada, sessionKey: "another tab's" }, ttl: 3600 });
    assert.deepEqual(decideClaim(claim, version(written), 2), { result: claimed });
    assert.ok(decideClaim(claim, version(written), 1).write, "an entry from before need not be this version's");
    assert.ok(decideClaim(claim, version({ ...written, ttl: 60 }), 2).write, "it ends before the session");
    assert.ok(decideClaim(claim, version({ ...written, unreadable: true }), 2).write, "it cannot be read");
  });
});

describe("the mark of a sign-out", () => {
  const mark: NewMark = { id: "s", jti: undefined, ...markAt(0) };
  const marked: MarkWritten = { outcome: "marked", accountKey: null, replayOf: undefined, unreadable: false };
  const ofAda = { ...marked, accountKey: "ada" };

  test("where there is no entry creates one that leads to nobody, for as long as a sign-in can be under way", () => {
    assert.deepEqual(decideMark(mark, undefined, marked, 1), { write: sid({ mark: markAt(0) }), result: marked });
  });

  test("keeps the claim and a longer time to live", () => {
    const entry = sid({ claim: ada, ttl: 3600 });
    assert.deepEqual(decideMark(mark, entry, ofAda, 1), { write: { ...entry, mark: markAt(0) }, result: ofAda });
  });

  test("keeps leading to the account of an entry that has expired since it was read", () => {
    assert.deepEqual(decideMark(mark, undefined, ofAda, 2).write?.claim, { accountKey: "ada", sessionKey: null });
  });

  test("leads to the account that the entry names now, not to one of an earlier attempt", () => {
    const { write, result } = decideMark(mark, sid({ claim: bruno }), ofAda, 2);
    assert.deepEqual([write?.claim, result.accountKey], [bruno, "bruno"]);
  });

  const pairs: readonly [what: string, earlier: Mark, later: Mark, kept: Mark][] = [
    ["is the later one", markAt(-1), markAt(0), markAt(0)],
    ["is the earlier one's, if that came later", markAt(1), markAt(0), markAt(1)],
    ["has the later tick of one instance", markAt(0, ["a", 1]), markAt(0, ["a", 2]), markAt(0, ["a", 2])],
    [
      "has the later tick of one instance, in whatever order",
      markAt(0, ["a", 2]),
      markAt(0, ["a", 1]),
      markAt(0, ["a", 2]),
    ],
    ["has no tick if two instances have marked the sid", markAt(0, ["a", 1]), markAt(0, ["b", 2]), markAt(0)],
    ["has no tick beside one without", markAt(0), markAt(0, ["a", 1]), markAt(0)],
  ];
  for (const [what, earlier, later, kept] of pairs) {
    test(`of two ${what}`, () => {
      const { write } = decideMark({ id: "s", jti: undefined, ...later }, sid({ mark: earlier }), marked, 1);
      assert.deepEqual(write?.mark, kept);
    });
  }

  test("is not written again if another sign-out has just written it", () => {
    const same = sid({ claim: ada, mark: markAt(0) });
    assert.deepEqual(decideMark(mark, same, ofAda, 2), { result: ofAda });
    for (const [what, entry, attempt] of [
      ["from before", same, 1],
      ["with another time", sid({ claim: ada, mark: markAt(-1) }), 2],
      ["with a tick", sid({ claim: ada, mark: markAt(0, ["a", 1]) }), 2],
      ["that ends too soon", { ...same, ttl: 60 }, 2],
      ["that cannot be read", { ...same, unreadable: true }, 2],
    ] as const) {
      assert.ok(decideMark(mark, entry, ofAda, attempt).write, what);
    }
  });

  describe("by a logout token", () => {
    const byToken = { ...mark, jti: "t" };

    test("remembers the token, for as long as one can be valid", () => {
      const { write } = decideMark(byToken, sid({ mark: markAt(-60), jtis: ["s"] }), marked, 1);
      assert.deepEqual([write?.jtis, write?.ttl], [["s", "t"], 1500]);
    });

    test("forgets earlier ones that none can be valid of", () => {
      assert.deepEqual(decideMark(byToken, sid({ mark: markAt(-3001), jtis: ["s"] }), marked, 1).write?.jtis, ["t"]);
      assert.deepEqual(decideMark(byToken, sid({ mark: markAt(-3000), jtis: ["s"] }), marked, 1).write?.jtis, [
        "s",
        "t",
      ]);
    });

    test("that the entry knows is a replay of its earlier mark, and writes nothing", () => {
      const entry = sid({ mark: markAt(-60), jtis: ["t"] });
      assert.deepEqual(decideMark(byToken, entry, marked, 1), { result: { ...marked, replayOf: markAt(-60) } });
    });

    test("that appears in the entry while it is being written is no replay: this change may have written it", () => {
      assert.deepEqual(decideMark(byToken, sid({ mark: markAt(0), jtis: ["t"] }), marked, 2), { result: marked });
    });

    test("with an entry of its own is not added to the entry of the sid; a replay writes only a mark that is missing", () => {
      const replay = { ...marked, replayOf: markAt(0) };
      assert.deepEqual(decideMark(mark, sid({ mark: markAt(0) }), replay, 1), { result: replay });
      assert.deepEqual(decideMark(mark, sid(), replay, 1).write, sid({ mark: markAt(0) }));
    });
  });
});

describe("an entry of a logout token's own", () => {
  const token = { kind: "logout token", id: "t", mark: markAt(0), ttl: 1500 } as const;

  test("is created where there is none", () => {
    assert.deepEqual(decideToken(token, undefined, 1), { write: token, result: undefined });
  });

  test("that was there before tells when the token was received first", () => {
    assert.deepEqual(decideToken(token, { ...token, mark: markAt(-60) }, 2), { result: markAt(-60) });
    assert.deepEqual(decideToken(token, { ...token, mark: null }, 2), { result: markAt(0) });
  });

  test("that appears later is no replay: this change may have written it", () => {
    assert.deepEqual(decideToken(token, token, 3), { result: undefined });
  });
});
