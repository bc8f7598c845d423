import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keptClaims } from "../../shared/identity/id-token.ts";
import { isProblem } from "./support/is-problem.ts";

describe("of an ID token's claims a session keeps", () => {
  test("nothing, where the token has neither roles nor groups", () => {
    assert.deepEqual(keptClaims({ sub: "s" }, ["employeeid"]), {});
  });

  test("roles and groups that are texts", () => {
    const claims = keptClaims({ roles: ["a", 1, null], groups: ["g"] }, []);
    assert.deepEqual(claims, { roles: ["a"], groups: ["g"] });
    assert.deepEqual(keptClaims({ roles: "a", groups: {} }, []), {});
  });

  test("that there are too many groups, by each of the ways in which a token says so", () => {
    const many = Array.from({ length: 201 }, (_, index) => String(index));
    for (const payload of [{ _claim_names: { groups: "src1" } }, { hasgroups: true }, { groups: many }]) {
      assert.deepEqual(keptClaims(payload, []), { groups: "too many" });
    }
  });

  test("the further claims that the app has named, and no more than 4 KiB of them", () => {
    assert.deepEqual(keptClaims({ ctry: "SE", tenant_ctry: "SE" }, ["ctry", "toString"]), { further: { ctry: "SE" } });
    assert.throws(() => keptClaims({ ctry: "x".repeat(4_097) }, ["ctry"]), isProblem("session_too_large"));
  });
});
