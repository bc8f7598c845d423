import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mergeTokenCaches, movedInTime } from "../../shared/identity/token-cache.ts";

const token = {
  secret: "1700000000",
  target: "User.Read",
  cached_at: "1700000000",
  expires_on: "1700003600",
  extended_expires_on: "1700007200",
};
const cache = JSON.stringify({
  Account: { a: { last_modification_time: "1700000000" } },
  AccessToken: { t: token, due: { ...token, refresh_on: "1700001800" }, odd: null, other: { expires_on: "soon" } },
  RefreshToken: { r: { secret: "1700000000" } },
});

describe("a token cache whose times are moved", () => {
  test("has the times of its access tokens moved, and nothing else", () => {
    const moved = JSON.parse(movedInTime(cache, -600)) as Record<string, Record<string, unknown>>;
    const expected = JSON.parse(cache) as typeof moved;
    const times = { cached_at: "1699999400", expires_on: "1700003000", extended_expires_on: "1700006600" };
    Object.assign(expected["AccessToken"] ?? assert.fail(), {
      t: { ...token, ...times },
      due: { ...token, ...times, refresh_on: "1700001200" },
    });
    assert.deepEqual(moved, expected);
  });

  test("is the same after it was moved there and back, so that a renewal finds what it has changed", () => {
    const back = movedInTime(movedInTime(cache, 600), -600);
    assert.deepEqual(JSON.parse(back), JSON.parse(cache));
    assert.equal(movedInTime(cache, 0), cache);
    const theirs = JSON.stringify({ AccessToken: { t: { ...token, secret: "renewed elsewhere" } } });
    const merged = JSON.parse(mergeTokenCaches(cache, theirs, back)) as { AccessToken: { t: { secret: string } } };
    assert.equal(merged.AccessToken.t.secret, "renewed elsewhere");
  });
});
