import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { maxDoubtMs } from "../../shared/store/clock.ts";
import { check } from "./checker.ts";
import type {
  CallEntry,
  Entry,
  ExpiryEntry,
  FinishEntry,
  History,
  SignInEntry,
  SignOutEntry,
  StoredSessions,
} from "./history.ts";

type Details<T extends Entry> = Partial<Omit<T, "kind" | "from" | "to">>;

const signIn = (
  from: number,
  to: number,
  session: string | undefined,
  more: Details<SignInEntry> = {},
): SignInEntry => {
  const status = session === undefined ? 503 : 302;
  return {
    kind: "sign_in",
    from,
    to,
    begunBy: from,
    account: "A",
    session,
    sid: `sid of ${session}`,
    replaces: undefined,
    status,
    ...more,
  };
};

const works = (from: number, session: string, more: Details<CallEntry> = {}): CallEntry => {
  const base = { account: "A", owner: "oid", answered: "oid", status: 200, code: undefined, rotating: false };
  return { kind: "call", from, to: from + 1, session, ...base, ...more };
};

const refused = (from: number, session: string): CallEntry => {
  return works(from, session, { status: 401, code: "signin_required", answered: undefined });
};

const signOut = (
  from: number,
  to: number,
  origin: SignOutEntry["origin"],
  more: Details<SignOutEntry> = {},
): SignOutEntry => {
  const base = { account: "A", session: undefined, sid: undefined, acknowledged: true, status: 200 };
  return { kind: "sign_out", from, to, origin, ...base, ...more };
};

/** Asked for at 20, when the store took nothing. */
const finish = (from: number, to: number, more: Details<FinishEntry> = {}): FinishEntry => {
  const base = { account: "A", reach: "named", session: undefined, sid: undefined, requestedAt: 20 } as const;
  return { kind: "finish", from, to, acknowledged: true, ...base, ...more };
};

const expiry = (from: number, to: number, session: string): ExpiryEntry => {
  return { kind: "expiry", from, to, account: "A", session, acknowledged: true };
};

const store = (sessions: Record<string, number> = {}): StoredSessions => {
  const entries = Object.entries(sessions).map(([key, createdAt]) => [key, { createdAt }] as const);
  return new Map(entries.length === 0 ? [] : [["A", new Map(entries)]]);
};

const found = (entries: readonly Entry[], stored = store(), more: Partial<History> = {}) => {
  const history: History = { scope: "account", maxPerAccount: 10, entries, ...more };
  return check(history, stored).map(({ violation }) => violation);
};

const everywhere = signOut(20, 30, "administrator");
const inTheApp = signOut(20, 30, "app", { session: "one", sid: "sid of one" });
const byTokenWithSid = signOut(20, 30, "back_channel", { sid: "sid of one" });
const byTokenWithSubject = signOut(20, 30, "back_channel_subject");
const inTheAppEverywhere = signOut(20, 30, "app_everywhere", { session: "one" });
const fromTheList = signOut(20, 30, "list_all", { session: "one" });
const bySid = signOut(20, 30, "front_channel", { sid: "sid of one" });

describe("the checker accepts", () => {
  it("a session that works until it is signed out, and is refused afterwards", () => {
    assert.deepEqual(found([signIn(0, 10, "one"), works(15, "one"), inTheApp, refused(31, "one")]), []);
  });

  it("either outcome while the sign-out is under way", () => {
    assert.deepEqual(found([signIn(0, 10, "one"), works(25, "one"), inTheApp]), []);
    assert.deepEqual(found([signIn(0, 10, "one"), refused(25, "one"), inTheApp]), []);
  });

  it("a session begun while the whole account is signed out, whichever comes first", () => {
    const both = [signIn(25, 35, "one"), everywhere];
    assert.deepEqual(found([...both, works(40, "one")], store({ one: 26 })), []);
    assert.deepEqual(found([...both, refused(40, "one")]), []);
  });

  it("that a sign-out which was not acknowledged happened or did not", () => {
    const failed = { ...inTheApp, acknowledged: false, status: 503 };
    assert.deepEqual(found([signIn(0, 10, "one"), failed, works(40, "one")], store({ one: 5 })), []);
    assert.deepEqual(found([signIn(0, 10, "one"), failed, refused(40, "one")]), []);
  });

  it("that the account's other session survives a front-channel sign-out whose own session may have been gone", () => {
    const entries = [signIn(0, 10, "one"), signIn(0, 10, "two"), expiry(11, 12, "one"), bySid, works(40, "two")];
    assert.deepEqual(found(entries, store({ two: 5 })), []);
  });

  it("that only the browser's own session ends in the app where that one may have been gone", () => {
    const sameSid = { sid: "sid of one" };
    const others = [signIn(0, 10, "two"), signIn(0, 10, "three", sameSid)];
    const entries = [signIn(0, 10, "one"), ...others, expiry(11, 12, "one"), inTheApp, works(40, "two")];
    assert.deepEqual(found([...entries, works(40, "three")], store({ two: 5, three: 5 })), []);
  });

  it("that the oldest session was evicted", () => {
    const entries = [signIn(0, 10, "one"), signIn(11, 12, "two"), signIn(13, 14, "three"), refused(20, "one")];
    assert.deepEqual(found(entries, store({ two: 11, three: 13 }), { maxPerAccount: 2 }), []);
  });

  it("a session in the store that expired there", () => {
    const entries = [signIn(0, 10, "one"), expiry(11, 12, "one"), refused(20, "one")];
    assert.deepEqual(found(entries, store({ one: 5 })), []);
  });

  it("a session in the store whose sign-in failed half-way", () => {
    assert.deepEqual(found([signIn(0, 10, undefined)], store({ unknown: 5 })), []);
  });

  it("a sign-in that is refused because its sid was signed out", () => {
    assert.deepEqual(found([signIn(22, 28, undefined, { status: 403, sid: "sid of one" }), bySid]), []);
  });

  it("a new sign-in under a sid that was signed out before it began", () => {
    assert.deepEqual(found([bySid, signIn(31, 35, "one"), works(40, "one")], store({ one: 32 })), []);
  });

  it("a sign-in that is refused because its subject was signed out meanwhile", () => {
    const refusal = signIn(22, 28, undefined, { status: 403 });
    assert.deepEqual(found([refusal, byTokenWithSubject]), []);
    assert.deepEqual(found([refusal, finish(25, 26, { reach: "account" })]), []);
  });

  it("that others survive a sign-out everywhere with a session that may have been gone", () => {
    const both = [signIn(0, 10, "one"), signIn(0, 10, "two"), expiry(11, 12, "one")];
    for (const ending of [inTheAppEverywhere, fromTheList]) {
      assert.deepEqual(found([...both, ending, works(40, "two")], store({ two: 5 })), []);
    }
  });

  it("a session that is newer than a sign-out which was finished later", () => {
    const entries = [signIn(21, 25, "one"), finish(30, 40, { reach: "account" }), works(50, "one")];
    assert.deepEqual(found(entries, store({ one: 22 })), []);
  });

  it("that a sign-out which is being finished, or was put aside, ends a session or does not", () => {
    const begun = signIn(0, 10, "one");
    const aside = finish(30, 40, { session: "one", acknowledged: false });
    for (const ending of [aside, finish(30, 60, { session: "one" }), finish(30, 60, { reach: "everywhere" })]) {
      assert.deepEqual(found([begun, ending, works(50, "one")]), []);
      assert.deepEqual(found([begun, ending, refused(50, "one")]), []);
    }
  });

  it("a session whose tokens went down with a failed renewal, where refresh tokens work once", () => {
    const failed = works(15, "one", { status: 503, code: "store_unavailable", answered: undefined, rotating: true });
    assert.deepEqual(found([signIn(0, 10, "one"), failed, refused(20, "one")]), []);
  });

  it("that a sign-out with the cookie from before ends the session that has taken its place", () => {
    const renewed = signIn(15, 22, "two", { replaces: "one", sid: "another" });
    const entries = [signIn(0, 10, "one"), renewed, inTheApp, refused(31, "two")];
    assert.deepEqual(found(entries, store(), { scope: "session" }), []);
  });

  it("that a sign-out with the cookie of another account ends what the browser has changed to", () => {
    const changed = signIn(11, 15, undefined, { account: "B", replaces: "one" });
    const elsewhere = signIn(0, 10, "two", { account: "B" });
    assert.deepEqual(found([signIn(0, 10, "one"), elsewhere, changed, inTheApp, refused(40, "two")]), []);
  });

  it("a store that names its trouble", () => {
    const busy = { status: 503, code: "store_unavailable", answered: undefined };
    assert.deepEqual(found([signIn(0, 10, "one"), works(11, "one", busy)], store({ one: 5 })), []);
  });
});

describe("the checker catches", () => {
  for (const [name, ending] of [
    ["signed out in the app", inTheApp],
    ["signed out by its sid", bySid],
    ["signed out by a logout token with its sid", byTokenWithSid],
    ["signed out by a logout token with its subject", byTokenWithSubject],
    ["signed out everywhere, in the app", inTheAppEverywhere],
    ["signed out everywhere, from the list", fromTheList],
    ["signed out with its account", everywhere],
    ["signed out later", finish(20, 30, { session: "one" })],
    ["signed out later, by its sid", finish(20, 30, { sid: "sid of one" })],
    ["signed out later, with its account", finish(20, 30, { reach: "account" })],
    ["signed out by an administrator", signOut(20, 30, "administrator")],
    ["ended from the list", signOut(20, 30, "list_one", { session: "one" })],
    ["expired", expiry(20, 30, "one")],
    ["replaced in its browser", signIn(20, 30, "two", { replaces: "one" })],
  ] as const) {
    it(`a session that works after it was ${name}`, () => {
      const entries = [signIn(0, 10, "one"), ending, works(40, "one")];
      assert.deepEqual(found(entries, store(ending.kind === "sign_in" ? { two: 21 } : {})), ["alive_after_its_end"]);
    });
  }

  for (const ending of [inTheApp, bySid, byTokenWithSid]) {
    it(`another browser's session that works after the account was signed out (${ending.origin})`, () => {
      const entries = [signIn(0, 10, "one"), signIn(0, 10, "two"), ending, works(40, "two")];
      assert.deepEqual(found(entries), ["alive_after_its_end"]);
      assert.deepEqual(found(entries, store(), { scope: "session" }), []);
    });
  }

  for (const ending of [inTheAppEverywhere, fromTheList, byTokenWithSubject]) {
    it(`another browser's session that works after all were signed out (${ending.origin})`, () => {
      const entries = [signIn(0, 10, "one"), signIn(0, 10, "two"), ending, works(40, "two")];
      assert.deepEqual(found(entries, store(), { scope: "session" }), ["alive_after_its_end"]);
    });
  }

  it("a session of a subject that was signed out while its sign-in was under way", () => {
    assert.deepEqual(found([signIn(15, 35, "one"), byTokenWithSubject, works(40, "one")]), ["alive_after_its_end"]);
  });

  it("a session that is refused although it is newer than the sign-out that was finished", () => {
    for (const [begun, violations] of [
      [20 + maxDoubtMs, []],
      [21 + maxDoubtMs, ["lost"]],
    ] as const) {
      const finished = finish(begun + 5, begun + 10, { reach: "account" });
      assert.deepEqual(found([signIn(begun, begun + 3, "one"), finished, refused(begun + 20, "one")]), violations);
    }
  });

  it("a session that is refused after a failed renewal, where refresh tokens work more than once", () => {
    const failed = works(15, "one", { status: 503, code: "store_unavailable", answered: undefined });
    assert.deepEqual(found([signIn(0, 10, "one"), failed, refused(20, "one")]), ["lost"]);
  });

  it("a session whose sid was signed out while its sign-in was under way", () => {
    assert.deepEqual(found([signIn(15, 35, "one"), bySid, works(40, "one")]), ["alive_after_its_end"]);
  });

  it("a session that works again after it was refused", () => {
    const failed = { ...inTheApp, acknowledged: false, status: 503 };
    const entries = [signIn(0, 10, "one"), failed, refused(40, "one"), works(50, "one")];
    assert.deepEqual(found(entries, store({ one: 5 })), ["came_back"]);
  });

  it("a session that is refused although nobody ended it", () => {
    assert.deepEqual(found([signIn(0, 10, "one"), refused(20, "one")]), ["lost"]);
  });

  it("a session that is refused before anybody ended it", () => {
    assert.deepEqual(found([signIn(0, 10, "one"), refused(12, "one"), inTheApp]), ["lost"]);
  });

  it("a session that is refused when only another person's was signed out", () => {
    const other = { ...everywhere, account: "B" };
    assert.deepEqual(found([signIn(0, 10, "one"), other, refused(40, "one")]), ["lost"]);
  });

  it("a session that is refused when only another one was ended from the list", () => {
    const other = signOut(20, 30, "list_one", { session: "two" });
    assert.deepEqual(found([signIn(0, 10, "one"), other, refused(40, "one")]), ["lost"]);
  });

  it("a session that is refused although there was room for all", () => {
    const entries = [signIn(0, 10, "one"), signIn(11, 12, "two"), refused(20, "one")];
    assert.deepEqual(found(entries, store({ two: 11 }), { maxPerAccount: 2 }), ["lost"]);
  });

  it("somebody else's data", () => {
    const entries = [signIn(0, 10, "one"), works(11, "one", { answered: "other" })];
    assert.deepEqual(found(entries, store({ one: 5 })), ["foreign_token"]);
  });

  it("a document that is there after its sessions were signed out", () => {
    const entries = [signIn(0, 10, "one"), inTheApp];
    assert.deepEqual(found(entries, store({ one: 5 })), ["stored_after_its_end"]);
  });

  it("what a failed sign-in left behind, there after the account was signed out", () => {
    assert.deepEqual(found([signIn(0, 10, undefined), everywhere], store({ unknown: 5 })), ["stored_by_nobody"]);
  });

  it("a session in the store that nobody signed in for", () => {
    assert.deepEqual(found([signIn(0, 10, "one")], store({ one: 5, unknown: 50 })), ["stored_by_nobody"]);
  });

  it("more sessions in the store than are allowed", () => {
    const entries = [signIn(0, 10, "one"), signIn(0, 10, "two")];
    assert.deepEqual(found(entries, store({ one: 5, two: 5 }), { maxPerAccount: 1 }), ["too_many_sessions"]);
  });

  it("a document without sessions", () => {
    assert.deepEqual(found([], new Map([["A", new Map()]])), ["empty_document"]);
  });

  it("a sign-in that is refused although its sid was not signed out", () => {
    assert.deepEqual(found([signIn(0, 10, undefined, { status: 403 })]), ["refused_without_reason"]);
  });

  it("a sign-in that is refused because its sid was signed out before it began", () => {
    for (const [begun, violations] of [
      [bySid.to + maxDoubtMs - 1, []],
      [bySid.to + maxDoubtMs, ["refused_without_reason"]],
    ] as const) {
      const refusal = signIn(begun, begun + 4, undefined, { status: 403, sid: "sid of one" });
      assert.deepEqual(found([bySid, refusal]), violations);
    }
  });

  it("answers that name no reason", () => {
    const broken = { status: 500, code: "internal_error", answered: undefined };
    const entries = [
      signIn(0, 5, undefined, { status: 500 }),
      signIn(0, 10, "one"),
      works(11, "one", broken),
      { ...everywhere, acknowledged: false, status: 500 },
    ];
    assert.deepEqual(found(entries), ["unexpected_answer", "unexpected_answer", "unexpected_answer"]);
  });
});
