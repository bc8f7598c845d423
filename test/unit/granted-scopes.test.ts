import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { grantedInstead, missingScopes, withGrant } from "../../shared/identity/token-response.ts";
import type { SessionSecrets } from "../../shared/identity/session-secrets.ts";

const graph = "https://graph.microsoft.com";
const secrets = (grants: unknown): SessionSecrets =>
  ({ claims: {}, tokenCache: "{}", grants }) as unknown as SessionSecrets;

describe("what was granted instead of what was asked for", () => {
  const asAsked: readonly [asked: string, granted: unknown][] = [
    ["User.Read", "User.Read"],
    ["User.Read Mail.Read", "openid profile Mail.Read User.Read Files.Read"],
    ["user.read", "User.Read"],
    ["User.Read", undefined],
    ["User.Read", ""],
    ["User.Read", 5],
    ["User.Read", "openid profile email"],
  ];
  for (const [asked, granted] of asAsked) {
    test(`is nothing: "${asked}" was answered with ${JSON.stringify(granted)}`, () => {
      assert.equal(withGrant(undefined, asked.split(" "), granted), undefined);
    });
  }

  const others: readonly [asked: string, granted: string, instead: string, missing: string][] = [
    ["User.Read Mail.Read", "User.Read openid", "user.read", "Mail.Read"],
    [`${graph}/User.Read`, "User.Read", "user.read", ""],
    ["User.Read", `${graph}/User.Read profile`, `${graph}/user.read`, ""],
    [`${graph}/.default`, "User.Read Mail.Read", "user.read mail.read", ""],
    ["api://orders/read api://orders/write", "api://orders/read", "api://orders/read", "api://orders/write"],
    ["openid User.Read", "User.Read", "user.read", ""],
  ];
  for (const [asked, granted, instead, missing] of others) {
    test(`is remembered: "${asked}" was answered with "${granted}"`, () => {
      const grants = withGrant({ "other.scope": "x" }, asked.split(" "), granted);
      const turned = asked.toUpperCase().split(" ").toReversed();
      assert.deepEqual(grantedInstead(secrets(grants), turned), instead.split(" "));
      assert.equal(grants?.["other.scope"], "x");
      assert.deepEqual(missingScopes(asked.split(" "), granted), missing.split(" ").filter(Boolean));
    });
  }

  test("is forgotten when the whole is granted", () => {
    const fewer = withGrant(undefined, ["A", "B"], "A");
    assert.equal(withGrant(fewer, ["B", "A"], "A B"), undefined);
  });

  test("is not believed where it is none", () => {
    for (const grants of [undefined, null, "x", { "user.read": 5 }, { "user.read": "" }]) {
      assert.equal(grantedInstead(secrets(grants), ["User.Read"]), undefined);
    }
  });
});
