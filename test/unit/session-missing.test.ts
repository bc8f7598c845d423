import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sessionMissing } from "../../shared/session/resolve.ts";
import { accountDocument, storedSession } from "./support/stored-session.ts";

describe("the cookie of a session that is not there", () => {
  test("goes when the account is gone", () => assert.equal(sessionMissing(undefined, "old").sessionEnded, true));
  test("goes when the session was ended among others", () => {
    assert.equal(sessionMissing(accountDocument({ other: storedSession() }), "old").sessionEnded, true);
  });
  test("stays while the answer with its successor's cookie may be under way", () => {
    assert.equal(sessionMissing(replacing(0), "old").sessionEnded, false);
  });
  test("goes when that must have arrived: what is left would be a cookie that opens nothing", () => {
    assert.equal(sessionMissing(replacing(120_000), "old").sessionEnded, true);
  });
});

function replacing(ageMs: number) {
  const createdAt = new Date(Date.now() - ageMs).toISOString();
  return accountDocument({ new: { ...storedSession(), createdAt, replaced: "old" } });
}
