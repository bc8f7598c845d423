import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unreadableAccount, type AccountDocument, type StoredSession } from "../../shared/account/document.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import { applyPlan, planSignOut, type PlanOptions, type SignOutPlan } from "../../shared/sign-out/plan.ts";
import { accountDocument, at, storedSession } from "./support/stored-session.ts";

const laptop = storedSession(0, { sid: "l" });
const phone = storedSession(5, { sid: "p" });
const tablet = storedSession(10, { sid: "t" });
const unreadable = unreadableAccount({ id: "account", writeId: "w" });

const order: SignOutOrder = {
  origin: "app",
  accountKey: "account",
  sessionKey: "laptop",
  sidKey: null,
  subjectKey: null,
  reach: "scope",
  requestedAt: at(7),
};

const options: PlanOptions = { settings: { scope: "account", idleTimeoutMinutes: 60 }, newerSessions: "end" };

function plan(first: AccountDocument, changes: Partial<SignOutOrder> = {}, others: Partial<PlanOptions> = {}) {
  return planSignOut(first, { ...order, ...changes }, { ...options, ...others });
}

/** The sessions that a plan leaves of a version of the document, or what else it does. */
function left(planned: SignOutPlan, sessions: Readonly<Record<string, StoredSession>>): readonly string[] | string {
  const change = applyPlan(planned, accountDocument(sessions));
  return change.kind === "replace" ? Object.keys(change.sessions) : change.kind;
}

describe("a sign-out plans", () => {
  const both = accountDocument({ laptop, phone });

  test("the account, where the named session is there and SignOut__Scope says so", () => {
    assert.equal(plan(both).kind, "account");
    assert.equal(
      plan(both, { reach: "everywhere" }, { settings: { ...options.settings, scope: "session" } }).kind,
      "account",
    );
  });

  test("the named sessions, where SignOut__Scope or the order says so", () => {
    assert.equal(plan(both, {}, { settings: { ...options.settings, scope: "session" } }).kind, "named sessions");
    assert.equal(plan(both, { reach: "named" }).kind, "named sessions");
  });

  test("by the settings of the moment when it was asked for, where the order brings them", () => {
    const settings = { scope: "session", idleTimeoutMinutes: 60 } as const;
    assert.equal(plan(both, { settings }).kind, "named sessions");
  });

  test("nothing, where no named session is there", () => {
    assert.equal(plan(accountDocument({ phone })).kind, "nothing");
    assert.equal(plan(unreadable).kind, "nothing");
  });

  test("the account without naming a session, where it is for the account as such", () => {
    assert.equal(plan(accountDocument({ phone }), { reach: "account", sessionKey: null }).kind, "account");
  });

  test("one session, where its tokens were refused", () => {
    assert.equal(plan(both, { reach: "named" }, { refusedSeal: laptop.sealed }).kind, "refused session");
  });

  test("no other browser's session for a cookie that was never looked up and had expired", () => {
    const asked = { unproven: true, reach: "everywhere", requestedAt: at(61) } as const;
    assert.equal(plan(both, asked).kind, "named sessions");
    assert.equal(plan(both, { ...asked, requestedAt: at(59) }).kind, "account");
  });
});

describe("after a conflict, a sign-out of the account", () => {
  const planned = plan(accountDocument({ laptop, phone }));

  test("ends sessions that came meanwhile, as long as the named one is there", () => {
    assert.equal(left(planned, { laptop, phone, tablet }), "delete");
  });

  test("ends what it has seen at first and spares what came meanwhile, if the named one has given way", () => {
    assert.deepEqual(left(planned, { phone, tablet }), ["tablet"]);
  });

  test("ends the session that has replaced the named one in its browser, and all others with it", () => {
    assert.equal(left(planned, { laptop2: storedSession(10, { replaced: "laptop" }), tablet }), "delete");
  });

  test("that is for the account as such spares what came meanwhile in any case", () => {
    const asSuch = plan(accountDocument({ laptop, phone }), { reach: "account", sessionKey: null });
    assert.deepEqual(left(asSuch, { laptop, phone, tablet }), ["tablet"]);
  });

  test("that spares newer sessions spares them in every version", () => {
    const late = plan(accountDocument({ laptop, phone }), {}, { newerSessions: "spare" });
    assert.deepEqual(left(late, { laptop, phone, tablet }), ["tablet"]);
  });
});

describe("after a conflict, a sign-out of named sessions", () => {
  const planned = plan(accountDocument({ laptop, phone }), { sidKey: "l", reach: "named" });

  test("ends those of the same sid that came meanwhile, and no other", () => {
    assert.deepEqual(left(planned, { laptop, phone, tab: storedSession(10, { sid: "l" }) }), ["phone"]);
  });

  test("changes nothing when they have ended", () => {
    assert.equal(left(planned, { phone }), "none");
  });
});

test("with the sid of its session, an order that knew only the cookie ends the browser's other sessions", () => {
  const tab = storedSession(5, { sid: "l" });
  const settings = { scope: "session", idleTimeoutMinutes: 60 } as const;
  const planned = plan(accountDocument({ laptop, tab, phone }), {}, { settings });
  assert.deepEqual(left(planned, { laptop, tab, phone }), ["phone"]);
  assert.deepEqual(left(planned, { tab, phone }), ["phone"], "the sid is forgotten after a conflict");
});

describe("a session whose tokens were refused", () => {
  const planned = plan(accountDocument({ laptop, phone }), { reach: "named" }, { refusedSeal: laptop.sealed });

  test("ends alone", () => assert.deepEqual(left(planned, { laptop, phone }), ["phone"]));

  test("stays when newer tokens were stored meanwhile", () => {
    assert.equal(left(planned, { laptop: { ...laptop, sealed: "renewed" }, phone }), "none");
  });

  test("is no reason to delete a document that cannot be read", () => {
    assert.equal(applyPlan(planned, unreadable).kind, "none");
  });
});

test("every other sign-out deletes a document that cannot be read, whatever it planned", () => {
  for (const planned of [
    plan(accountDocument({ laptop })),
    plan(accountDocument({ laptop }), { reach: "named" }),
    plan(accountDocument({ phone })),
    plan(unreadable),
  ]) {
    assert.equal(applyPlan(planned, unreadable).kind, "delete");
  }
});
