import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { claimSid } from "../../shared/account/claim.ts";
import { markSignedOut } from "../../shared/account/mark.ts";
import { readEntry } from "../../shared/account/change-entry.ts";
import { isSignedOutSince } from "../../shared/account/signed-out-since.ts";
import type { StoredEntry } from "../../shared/account/stored-entry.ts";
import type { AccountDocument, StoredSession } from "../../shared/account/document.ts";
import { isSignOutOrder } from "../../shared/sign-out/queue-message.ts";
import type { OrderSettings, SignOutOrder } from "../../shared/sign-out/order.ts";
import { applyPlan, planSignOut } from "../../shared/sign-out/plan.ts";
import type { Tick } from "../../shared/store/clock.ts";
import { memoryOperations } from "./support/memory-store.ts";
import { accountDocument, at, start, storedSession } from "./support/stored-session.ts";

const { signal } = new AbortController();
const here = (moment: number): Tick => ({ process: "here", at: moment });
const there = (moment: number): Tick => ({ process: "there", at: moment });

/** What the clocks say: the sign-out may have come a second before the sign-in began, or a second after. */
const startedAt = start;
const signedOutAt = at(1 / 60);

describe("a mark and a sign-in whose times leave in doubt which was first", () => {
  const cases: readonly [what: string, mark: Tick | undefined, begun: Tick | undefined, refused: boolean][] = [
    ["of one instance, the mark first", here(1), here(2), false],
    ["of one instance, the sign-in first", here(2), here(1), true],
    ["of one instance, at the same moment", here(1), here(1), true],
    ["of two instances", there(1), here(2), true],
    ["the sign-in begun at an instance that does not complete it", here(1), undefined, true],
    ["the mark of an earlier version", undefined, here(2), true],
  ];
  for (const [what, signedOutTick, startedTick, refused] of cases) {
    test(`${what}: ${refused ? "refused" : "let in"}`, async () => {
      const sids = memoryOperations<StoredEntry>();
      await markSignedOut(sids, { id: "s", signedOutAt, signedOutTick, jti: undefined }, signal);
      const seen = await readEntry(sids, "sid or subject", "s", signal);
      assert.equal(isSignedOutSince(seen?.document.mark, { startedAt, startedTick }), refused);
      const claim = { id: "s", accountKey: "a", sessionKey: "k", ttl: 1, startedAt, startedTick };
      assert.equal((await claimSid(sids, claim, seen, signal)).outcome, refused ? "signed out" : "claimed");
    });
  }

  test("which stay in doubt when two instances have marked the sid, in whatever order", async () => {
    for (const marks of [
      [here(1), there(1)],
      [there(1), here(1)],
      [here(1), there(1), here(1)],
    ]) {
      const sids = memoryOperations<StoredEntry>();
      for (const signedOutTick of marks) {
        await markSignedOut(sids, { id: "s", signedOutAt, signedOutTick, jti: undefined }, signal);
      }
      const entry = (await readEntry(sids, "sid or subject", "s", signal))?.document;
      for (const startedTick of [here(2), there(2)])
        assert.ok(isSignedOutSince(entry?.mark, { startedAt, startedTick }));
    }
  });

  test("of which the later counts when one instance has marked the sid twice, and stays when the sid is claimed", async () => {
    for (const marks of [
      [here(1), here(3)],
      [here(3), here(1)],
    ]) {
      const sids = memoryOperations<StoredEntry>();
      for (const signedOutTick of marks) {
        await markSignedOut(sids, { id: "s", signedOutAt, signedOutTick, jti: undefined }, signal);
      }
      const claim = {
        id: "s",
        accountKey: "a",
        sessionKey: "k",
        ttl: 1,
        startedAt,
      };
      await claimSid(
        sids,
        { ...claim, startedTick: here(4) },
        await readEntry(sids, "sid or subject", "s", signal),
        signal,
      );
      const entry = (await readEntry(sids, "sid or subject", "s", signal))?.document;
      assert.ok(isSignedOutSince(entry?.mark, { startedAt, startedTick: here(2) }));
      assert.ok(!isSignedOutSince(entry?.mark, { startedAt, startedTick: here(4) }));
    }
  });
});

describe("a late order and a session whose times leave in doubt which was first", () => {
  const order: SignOutOrder = {
    origin: "front_channel",
    accountKey: "account",
    sessionKey: null,
    sidKey: "s",
    subjectKey: null,
    reach: "scope",
    requestedAt: signedOutAt,
  };
  const settings = { scope: "session", idleTimeoutMinutes: 60 } as const;
  const changeOf = (document: AccountDocument, late: SignOutOrder, current: OrderSettings = settings) =>
    applyPlan(planSignOut(document, late, { settings: current, newerSessions: "spare" }), document);
  const kindOf = (session: Partial<StoredSession>, changes: Partial<SignOutOrder> = {}) =>
    changeOf(accountDocument({ k: storedSession(0, { sid: "s", ...session }) }), { ...order, ...changes }).kind;

  test("of one instance: the session ends if its sign-in began before", () => {
    assert.equal(kindOf({ startedTick: here(1) }, { requestedTick: here(2) }), "delete");
    assert.equal(kindOf({ startedTick: here(2) }, { requestedTick: here(1) }), "none");
  });

  test("of two instances, or of an earlier version: the session ends", () => {
    assert.equal(kindOf({ startedTick: here(2) }, { requestedTick: there(1) }), "delete");
    assert.equal(kindOf({}, { requestedTick: there(1) }), "delete");
    assert.equal(kindOf({ startedTick: here(2) }), "delete");
  });

  test("when nobody knows when it was asked for: the session ends", () => {
    assert.equal(kindOf({ startedAt: at(60), createdAt: at(60) }, { requestedAt: null }), "delete");
  });

  test("where another session may have taken the place of the one that it names: the account's sessions end", () => {
    const sessions = {
      new: storedSession(0, { sid: "t", replacedSid: "s", createdAt: at(-1 / 60) }),
      phone: storedSession(0, { sid: "u", createdAt: at(-5) }),
    };
    const scope = { ...settings, scope: "account" } as const;
    assert.equal(changeOf(accountDocument(sessions), order, scope).kind, "delete");
  });

  test("counts as an order only with a moment that can be one", () => {
    assert.ok(isSignOutOrder({ ...order, requestedTick: here(1) }));
    for (const requestedTick of [1, "here", null, { process: 1, at: 1 }, { process: "here" }]) {
      assert.equal(isSignOutOrder({ ...order, requestedTick }), false);
    }
  });
});
