import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Change } from "../../shared/account/document.ts";
import { isSignOutOrder } from "../../shared/sign-out/queue-message.ts";
import type { SignOutOrder } from "../../shared/sign-out/order.ts";
import { applyPlan, planSignOut } from "../../shared/sign-out/plan.ts";
import { accountDocument, at, storedSession } from "./support/stored-session.ts";

const document = accountDocument({
  laptop: storedSession(0, { sid: "s" }),
  tab: storedSession(5, { sid: "s" }),
  phone: storedSession(10, { sid: "t" }),
  kiosk: storedSession(20, { sid: null }),
});

const order: SignOutOrder = {
  origin: "app",
  accountKey: "account",
  sessionKey: null,
  sidKey: null,
  subjectKey: null,
  reach: "scope",
  requestedAt: at(7),
};

function left(
  changes: Partial<SignOutOrder>,
  scope: "account" | "session" = "session",
  late = false,
): string[] | string {
  const settings = { scope, idleTimeoutMinutes: 60 };
  const plan = planSignOut(document, { ...order, ...changes }, { settings, newerSessions: late ? "spare" : "end" });
  const change: Change = applyPlan(plan, document);
  return change.kind === "replace" ? Object.keys(change.sessions) : change.kind;
}

describe("an order ends", () => {
  test("the named session and those of its sid", () => {
    assert.deepEqual(left({ sessionKey: "laptop", sidKey: "s" }), ["phone", "kiosk"]);
    assert.deepEqual(left({ sessionKey: "phone" }), ["laptop", "tab", "kiosk"]);
    assert.deepEqual(left({ sidKey: "s" }), ["phone", "kiosk"]);
  });

  test("the whole account under the scope account, if the named session is there", () => {
    assert.equal(left({ sidKey: "s" }, "account"), "delete");
    assert.equal(left({ sidKey: "unknown" }, "account"), "none");
  });

  test("only what it names where it says so, also under the scope account", () => {
    assert.deepEqual(left({ sidKey: "s", reach: "named" }, "account"), ["phone", "kiosk"]);
  });

  test("the whole account where it says so, whatever the scope, and without naming a session", () => {
    assert.equal(left({ reach: "account" }), "delete");
  });

  test("nothing when it names nothing that is there", () => {
    for (const scope of ["account", "session"] as const) {
      assert.equal(left({}, scope), "none");
      assert.equal(left({ sessionKey: "gone", sidKey: "gone" }, scope), "none");
      assert.equal(left({ sessionKey: "__proto__", sidKey: "__proto__" }, scope), "none");
    }
  });

  test("no session without a sid because it has no sid either", () => {
    assert.equal(left({ sidKey: null, sessionKey: "gone" }), "none");
  });
});

describe("an order that is carried out late", () => {
  test("spares the sessions that began since", () => {
    assert.deepEqual(left({ reach: "account" }, "session", true), ["phone", "kiosk"]);
    assert.deepEqual(left({ sidKey: "s" }, "account", true), ["phone", "kiosk"]);
  });

  test("does nothing when all that it names began since", () => {
    assert.equal(left({ sidKey: "t" }, "account", true), "none");
  });

  test("ends the very session that was named, even if the clock that dated it was ahead", () => {
    assert.deepEqual(left({ sessionKey: "phone" }, "session", true), ["laptop", "tab", "kiosk"]);
  });
});

describe("what comes out of the queue is taken for an order only if it", () => {
  test("is one", () => {
    assert.ok(isSignOutOrder(order));
    assert.ok(isSignOutOrder(JSON.parse(JSON.stringify(order))));
  });

  const others: readonly [what: string, value: unknown][] = [
    ["is an object", "order"],
    ["is not null", null],
    ["is not a list", [order]],
    ["says where it began", { ...order, origin: "elsewhere" }],
    ["has every key or null", { ...order, sidKey: undefined }],
    ["has keys that are texts", { ...order, accountKey: 5 }],
    ["says how far it reaches", { ...order, reach: "everyone" }],
    ["says when it was asked for", { ...order, requestedAt: "" }],
    ["says when in a way that can be read", { ...order, requestedAt: "yesterday" }],
  ];
  for (const [what, value] of others) test(what, () => assert.equal(isSignOutOrder(value), false));
});
