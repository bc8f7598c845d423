import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { readEntry } from "../../shared/account/change-entry.ts";
import type { StoredEntry } from "../../shared/account/stored-entry.ts";
import { claimSid } from "../../shared/account/claim.ts";
import { markSignedOut, type MarkWritten } from "../../shared/account/mark.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { isProblem } from "./support/is-problem.ts";
import { memoryOperations, once, type MemoryOperations } from "./support/memory-store.ts";

const { signal } = new AbortController();
let sids: MemoryOperations<StoredEntry>;

/** The accounts whose sessions were ended because another account took the sid, in that order. */
let displaced: string[];
let endDisplaced: (accountKey: string) => Promise<void>;

beforeEach(() => {
  // Waiting for one's turn without its jitter is no wait at all.
  mock.method(Math, "random", () => 0);
  sids = memoryOperations();
  displaced = [];
  endDisplaced = async (accountKey) => void displaced.push(accountKey);
});

afterEach(() => mock.restoreAll());

/** Claims the sid for a sign-in that began a minute ago, unless it is told otherwise. */
async function claim(
  accountKey: string,
  sessionKey = "session",
  startedAt = Date.now() - 60_000,
): Promise<"claimed" | "signed out"> {
  const wanted = { id: "sid", accountKey, sessionKey, ttl: 3600, startedAt };
  let claimed = await claimSid(sids, wanted, await readEntry(sids, "sid or subject", "sid", signal), signal);
  while (claimed.outcome === "other account") {
    await endDisplaced(claimed.accountKey);
    claimed = await claimSid(sids, { ...wanted, takesFrom: claimed }, claimed.seen, signal);
  }
  return claimed.outcome;
}
async function mark(jti?: string, { signedOutAt = new Date().toISOString() } = {}): Promise<MarkWritten> {
  const marked = await markSignedOut(sids, { id: "sid", signedOutAt, jti }, signal);
  if (marked.outcome === "failed") throw marked.error;
  return marked;
}
const nobody = { outcome: "marked", accountKey: null, replayOf: undefined, unreadable: false };
const ada = { ...nobody, accountKey: "ada" };
const bob = { ...nobody, accountKey: "bob" };
/** The first entry is written, and its answer lost. */
function loseFirstCreate(): void {
  const create = sids.create.bind(sids);
  let isFirst = true;
  mock.method(sids, "create", async (...args: Parameters<typeof create>) => {
    const created = await create(...args);
    if (!isFirst) return created;
    isFirst = false;
    return { outcome: "lost" };
  });
}
const isReplay = async (jti: string) => (await mark(jti)).replayOf !== undefined;
const entry = () => sids.documents.get("sid");
const markedAt = () => Date.parse(entry()?.signedOutAt ?? assert.fail("not signed out"));

test("an entry that the store loses again and again is trouble of the store, not of other requests", async () => {
  mock.method(sids, "create", async () => ({ outcome: "lost" }) as const);
  await assert.rejects(claim("ada"), isProblem("store_unavailable"));
  await assert.rejects(mark(), isProblem("store_unavailable"));
});

describe("a sign-out for a sid", () => {
  test("tells which account it is about, also if the mark does not come through", async () => {
    await claim("ada");
    sids.before = (kind) => {
      if (kind === "replace") throw new StoreUnavailableError("replace in sids");
    };
    const marked = await markSignedOut(
      sids,
      { id: "sid", signedOutAt: new Date().toISOString(), jti: undefined },
      signal,
    );
    assert.ok(marked.outcome === "failed");
    assert.equal(marked.accountKey, "ada");
    assert.ok(isProblem("store_unavailable")(marked.error));
  });

  test("sign-out reads | claim | sign-out writes, and the store fails: it tells the account that came meanwhile", async () => {
    once(sids, "create", async () => {
      await claim("ada");
      once(sids, "replace", () => Promise.reject(new StoreUnavailableError("replace in sids")));
    });
    const signedOutAt = new Date().toISOString();
    const marked = await markSignedOut(sids, { id: "sid", signedOutAt, jti: undefined }, signal);
    assert.deepEqual([marked.outcome, marked.accountKey], ["failed", "ada"]);
  });

  test("sign-out reads | claim | the entry expires | sign-out writes: it reaches the account that came meanwhile", async () => {
    once(sids, "create", async () => {
      await claim("ada");
      once(sids, "replace", () => sids.delete("sid", undefined, signal));
    });
    assert.equal((await mark()).accountKey, "ada");
    assert.equal(entry()?.accountKey, "ada");
  });

  test("sign-out reads | the entry expires | sign-out writes: it reaches the account that it has found", async () => {
    await claim("ada");
    once(sids, "replace", () => sids.delete("sid", undefined, signal));
    assert.equal((await mark()).accountKey, "ada");
    assert.equal(entry()?.accountKey, "ada");
    assert.ok(markedAt() > 0);
  });
});

describe("a sign-in claims its sid", () => {
  test("and the index leads to its account, for as long as the session can live", async () => {
    assert.equal(await claim("ada"), "claimed");
    assert.deepEqual(displaced, []);
    const { accountKey, sessionKey, signedOutAt, ttl } = entry() ?? assert.fail();
    assert.deepEqual(
      { accountKey, sessionKey, signedOutAt, ttl },
      { accountKey: "ada", sessionKey: "session", signedOutAt: null, ttl: 3600 },
    );
  });

  test("again with the same account: nobody is displaced", async () => {
    await claim("ada", "first");
    assert.equal(await claim("ada", "second"), "claimed");
    assert.deepEqual(displaced, []);
    assert.equal(entry()?.sessionKey, "second");
  });

  test("with another account: the earlier one's sessions are ended, while the index still leads to them", async () => {
    await claim("ada");
    const ledTo: unknown[] = [];
    endDisplaced = async (accountKey) => void ledTo.push(accountKey, entry()?.accountKey);
    assert.equal(await claim("bob"), "claimed");
    assert.deepEqual(ledTo, ["ada", "ada"]);
    assert.equal(entry()?.accountKey, "bob");
  });

  test("with another account whose sessions cannot be ended: the index goes on leading to them", async () => {
    await claim("ada");
    const before = entry();
    endDisplaced = () => Promise.reject(new StoreUnavailableError("delete in accounts"));
    await assert.rejects(claim("bob"), isProblem("store_unavailable"));
    assert.deepEqual(entry(), before);
  });

  test("another account claims the sid, ends the first one's sessions | the first claims again | the other writes: those end, too", async () => {
    await claim("ada");
    once(sids, "replace", () => claim("ada", "again"));
    assert.equal(await claim("bob"), "claimed");
    assert.deepEqual(displaced, ["ada", "ada"]);
  });

  test("claim reads | another account claims | claim writes: the later one ends the earlier one's sessions", async () => {
    once(sids, "create", () => claim("ada"));
    assert.equal(await claim("bob"), "claimed");
    assert.deepEqual(displaced, ["ada"]);
    assert.equal(entry()?.accountKey, "bob");
  });

  test("by a create that was lost: it is made again, and arrives late or never", async () => {
    const create = sids.create.bind(sids);
    let calls = 0;
    mock.method(sids, "create", async (...args: Parameters<typeof create>) => {
      calls++;
      if (calls > 1) return create(...args);
      setTimeout(() => void create(...args), 5);
      return { outcome: "lost" };
    });
    assert.equal(await claim("ada"), "claimed");
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(entry()?.accountKey, "ada");
    assert.deepEqual([calls, displaced], [2, []]);
  });

  test("for less long than an earlier one, because settings have changed: the earlier session is not out of reach", async () => {
    await claim("ada", "first");
    const { etag } = (await sids.read("sid", signal)) ?? assert.fail();
    await sids.replace({ ...(entry() ?? assert.fail()), ttl: 7200 }, etag, signal);
    await claim("ada", "second");
    assert.equal(entry()?.ttl, 7200);
  });

  test("claim reads | the entry expires | claim writes: it is made anew", async () => {
    await claim("ada");
    once(sids, "replace", () => sids.delete("sid", undefined, signal));
    assert.equal(await claim("ada"), "claimed");
    assert.deepEqual(displaced, []);
  });
});

describe("a front-channel sign-out", () => {
  test("marks a sid that nobody knows, and leads to nobody", async () => {
    assert.deepEqual(await mark(), nobody);
    assert.ok(entry()?.signedOutAt);
    assert.equal(entry()?.ttl, 960);
  });

  test("marks a known sid and leads to its account", async () => {
    await claim("ada");
    assert.deepEqual(await mark(), ada);
    assert.ok(entry()?.signedOutAt);
  });

  test("can be repeated, and still leads to the account: the first one may have failed half-way", async () => {
    await claim("ada");
    await mark();
    const before = entry();
    assert.deepEqual(await mark(), ada);
    assert.deepEqual({ ...entry(), signedOutAt: "", writeId: "" }, { ...before, signedOutAt: "", writeId: "" });
    assert.ok((entry()?.signedOutAt ?? "") >= (before?.signedOutAt ?? ""), "sign-ins begun since the first are let in");
  });

  test("by a logout token that was used before is recognised, and when that was", async () => {
    await claim("ada");
    assert.equal(await isReplay("token-1"), false);
    const { signedOutAt } = entry() ?? assert.fail();
    assert.deepEqual(await mark("token-1"), { ...ada, replayOf: { signedOutAt } });
    assert.equal(await isReplay("token-2"), false);
    assert.equal((await mark()).replayOf, undefined);
  });

  test("by a logout token is recognised when repeated, also after somebody has signed in again", async () => {
    await claim("ada");
    await mark("token-1");
    await claim("ada", "new", Date.now() + 1);
    const before = entry();
    assert.equal(await isReplay("token-1"), true);
    assert.deepEqual(entry(), before);
  });

  test("by a logout token is recognised when repeated, also after other sign-outs in between", async () => {
    await claim("ada");
    await mark("token-1");
    await claim("ada", "new", Date.now() + 1);
    await mark();
    await mark("token-2");
    assert.equal(await isReplay("token-1"), true);
    assert.equal(await isReplay("token-2"), true);
  });

  describe("remembers logout tokens for as long as they can be valid, however many come between", () => {
    const tokens = Array.from({ length: 240 }, (_, count) => `token-${count}`);
    beforeEach(async () => {
      for (const token of tokens) assert.equal(await isReplay(token), false);
    });

    test("and refuses each that comes again", async () => {
      for (const token of tokens) assert.equal(await isReplay(token), true, token);
    });

    test("and lets none of them end a sign-in that is newer", async () => {
      await claim("ada", "new", Date.now() + 1);
      const before = entry();
      for (const token of tokens) await mark(token);
      assert.deepEqual(entry(), before);
    });

    test("without an entry that grows without end: those that it has no room for have entries of their own, which expire", () => {
      assert.equal(entry()?.ttl, 25 * 60);
      assert.equal(entry()?.jtis?.length, 200);
      const others = [...sids.documents.values()].filter(({ id }) => id !== "sid");
      assert.deepEqual(new Set(others.map(({ ttl }) => ttl)), new Set([25 * 60]));
      assert.equal(others.length, 40);
    });

    test("and makes up for a mark that the first receipt did not come to", async () => {
      sids.before = (kind) => {
        if (kind === "replace") throw new StoreUnavailableError("replace in sids");
      };
      const signedOutAt = new Date(Date.now() + 1_000).toISOString();
      await assert.rejects(mark("cut short", { signedOutAt }), isProblem("store_unavailable"));
      sids.before = () => undefined;
      const later = await mark("cut short", { signedOutAt: new Date(Date.now() + 5_000).toISOString() });
      assert.deepEqual(later.replayOf, { signedOutAt });
      assert.equal(entry()?.signedOutAt, signedOutAt, "sign-ins that the token means are let in");
    });

    test("and takes none for a replay whose own entry was lost on the way", async () => {
      loseFirstCreate();
      assert.equal(await isReplay("lost"), false);
      assert.equal(await isReplay("lost"), true);
    });

    test("and no longer: after an hour without a sign-out the entry has room again", async () => {
      await mark("later", { signedOutAt: new Date(Date.now() + 3_600_000).toISOString() });
      assert.deepEqual(entry()?.jtis, ["later"]);
    });
  });

  test("leaves the entry for as long as sessions can live: it may spare some, or never get to them", async () => {
    await claim("ada");
    await mark();
    await mark("token-1");
    assert.deepEqual([entry()?.accountKey, entry()?.ttl], ["ada", 3600]);
  });

  test("that comes late marks the time when it was asked for, and takes no later mark back", async () => {
    const early = new Date(Date.now() - 60_000).toISOString();
    await mark(undefined, { signedOutAt: early });
    assert.equal(entry()?.signedOutAt, early);
    await mark();
    const latest = entry()?.signedOutAt ?? "";
    await mark(undefined, { signedOutAt: early });
    assert.equal(entry()?.signedOutAt, latest);
  });

  test("by a logout token whose mark was lost and then arrives is no replay", async () => {
    loseFirstCreate();
    assert.equal(await isReplay("token-1"), false);
  });

  test("by a logout token whose mark was written, its answer lost, and then changed by a sign-in is no replay", async () => {
    await claim("ada");
    const replace = sids.replace.bind(sids);
    let isFirst = true;
    mock.method(sids, "replace", async (...args: Parameters<typeof replace>) => {
      const written = await replace(...args);
      if (!isFirst) return written;
      isFirst = false;
      await claim("ada", "new", Date.now() + 1);
      // What a repeated write is told then.
      return { outcome: "conflict", current: await sids.read("sid", signal) };
    });
    assert.equal(await isReplay("token-1"), false);
    assert.equal(await isReplay("token-1"), true);
  });

  test("twice at once leaves one mark", async () => {
    once(sids, "create", () => mark());
    assert.deepEqual(await mark(), nobody);
  });
});

/** Lets all that are about to write meet there, so that one of them wins and the others are refused. */
function together(kind: "create" | "replace", count: number): void {
  let arrived = 0;
  const gate = Promise.withResolvers<void>();
  sids.before = async (asked) => {
    if (asked !== kind || arrived === count) return;
    arrived++;
    if (arrived === count) gate.resolve();
    await gate.promise;
  };
}
const writes = () => sids.asked.filter((kind) => kind !== "read").length;

describe("many at once, of which each finds that another came first", () => {
  test("sign-ins of one account under one sid write it once: what another has written serves all", async () => {
    together("create", 40);
    const claims = await Promise.all(Array.from({ length: 40 }, (_, tab) => claim("ada", `session-${tab}`)));
    assert.deepEqual(new Set(claims), new Set(["claimed"]));
    assert.equal(writes(), 40, "those that were refused have written again");
    assert.equal(entry()?.accountKey, "ada");
  });

  test("sign-outs of one sid are all marked, whichever of them comes last", async () => {
    await claim("ada");
    const times = Array.from({ length: 50 }, (_, frame) => new Date(Date.now() + frame).toISOString());
    together("replace", 50);
    const marked = await Promise.all(times.map((signedOutAt) => mark(undefined, { signedOutAt })));
    assert.deepEqual(new Set(marked.map(({ accountKey }) => accountKey)), new Set(["ada"]));
    assert.equal(entry()?.signedOutAt, times.at(-1));
  });

  test("a sign-in whose conflict is with an entry that ends before it writes its own", async () => {
    await claim("ada");
    const short = { ...(entry() ?? assert.fail()), ttl: 60 };
    once(sids, "replace", async () => {
      const { etag } = (await sids.read("sid", signal)) ?? assert.fail();
      await sids.replace(short, etag, signal);
    });
    assert.equal(await claim("ada", "another"), "claimed");
    assert.equal(entry()?.ttl, 3600);
  });
});

/**
 * What the index does when a sign-in and a sign-out, or two sign-ins, meet at one entry. The sections on sign-ins above have whole
 * requests.
 */
describe("in whatever order a sign-in and a sign-out for one sid meet", () => {
  test("sign-out reads | claim | sign-out creates: the sign-out finds the new session's account", async () => {
    once(sids, "create", () => claim("ada"));
    assert.deepEqual(await mark(), ada);
    assert.ok(entry()?.signedOutAt);
  });

  test("sign-out reads an old entry | claim by another account | sign-out replaces: it finds the newer account", async () => {
    await claim("ada");
    once(sids, "replace", () => claim("bob"));
    assert.deepEqual(await mark(), bob);
  });

  test("sign-out, the mark expires, claim: the sid may be used again", async () => {
    await mark();
    await sids.delete("sid", undefined, signal);
    assert.equal(await claim("ada"), "claimed");
  });

  test("sign-out, then a sign-in begins and claims: who knows a sid cannot lock its person out", async () => {
    await mark();
    const marked = markedAt();
    assert.equal(await claim("ada", "session", marked + 1), "claimed");
    assert.equal(entry()?.ttl, 3600, "the entry would be gone before the session");
    assert.equal(await claim("ada", "older", marked - 1), "signed out", "the mark was forgotten");
  });

  test("a sign-in that began in the very millisecond of the sign-out is refused", async () => {
    await mark();
    assert.equal(await claim("ada", "session", markedAt()), "signed out");
  });

  test("claim reads an old entry | sign-out | a sign-in that began since claims: both are as they should be", async () => {
    await claim("ada", "old");
    once(sids, "replace", () => mark());
    assert.equal(await claim("ada", "new", Date.now() + 1_000), "claimed");
    assert.equal(entry()?.accountKey, "ada");
    assert.notEqual(entry()?.signedOutAt, null);
  });

  test("a sign-in of another account that was signed out meanwhile ends nobody's sessions", async () => {
    await claim("ada");
    await mark();
    assert.equal(await claim("bob"), "signed out");
    assert.deepEqual(displaced, []);
  });
});

test("an index entry that never holds still is reported, after a bounded number of attempts", async () => {
  let writing = false;
  let attempts = 0;
  sids.before = async (kind) => {
    if (kind === "read" || writing) return;
    attempts++;
    writing = true;
    await claim(`account-${attempts}`);
    writing = false;
  };
  await assert.rejects(mark(), isProblem("store_contention"));
  assert.equal(attempts, 24);
});
