import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeJwt } from "jose";
import { payroll, person, startProvider, textOf } from "../src/testing.ts";

const { provider, tokensOf, refresh } = await startProvider();
const { controls } = provider;

async function refreshTokenOf(givenName: string, parameters?: Readonly<Record<string, string>>) {
  return textOf(await tokensOf(givenName, parameters), "refresh_token");
}

test("an old refresh token stays valid, and each use gives a new one", async () => {
  const first = await refreshTokenOf("Ada");
  const [one, two] = [await refresh(first), await refresh(first)];
  const successors = [textOf(one.body, "refresh_token"), textOf(two.body, "refresh_token")];
  assert.equal(new Set([first, ...successors]).size, 3);
  for (const token of successors) assert.equal((await refresh(token)).status, 200);
});

test("the renewed ID token keeps the sid and has no nonce", async () => {
  const renewed = decodeJwt(textOf((await refresh(await refreshTokenOf("Ada"))).body, "id_token"));
  assert.equal(typeof renewed["sid"], "string");
  assert.equal(renewed["nonce"], undefined);
});

test("with rotation a second use is refused, and the new token still works", async () => {
  controls.rotateRefreshTokens = true;
  const first = await refreshTokenOf("Ada");
  const used = await refresh(first, { scope: "User.Read api://two/resources" });
  assert.equal(used.status, 400, "a refused request does not use the token up");
  const renewed = await refresh(first);
  const reused = await refresh(first);
  assert.deepEqual([reused.status, reused.body["error"]], [400, "invalid_grant"]);
  assert.equal((await refresh(textOf(renewed.body, "refresh_token"))).status, 200);
  controls.rotateRefreshTokens = false;
});

test("of two refreshes at once only one wins under rotation", async () => {
  controls.rotateRefreshTokens = true;
  const token = await refreshTokenOf("Ada");
  const answers = await Promise.all([refresh(token), refresh(token), refresh(token)]);
  controls.rotateRefreshTokens = false;
  assert.deepEqual(answers.map(({ status }) => `${status}`).toSorted(), ["200", "400", "400"]);
});

test("a revoked refresh token is refused as Entra refuses it, for that person only", async () => {
  const [ada, zoe] = [await refreshTokenOf("Ada"), await refreshTokenOf("Zoë")];
  assert.ok(controls.revokeRefreshTokens(person(provider, "Ada")) > 0);
  const { status, body } = await refresh(ada);
  assert.equal(status, 400);
  assert.equal(body["error"], "invalid_grant");
  assert.deepEqual(body["error_codes"], [50173]);
  assert.equal(body["suberror"], "bad_token");
  assert.match(textOf(body, "error_description"), /^AADSTS50173: .* Trace ID: .* Correlation ID: .* Timestamp: \d{4}-/);
  for (const field of ["timestamp", "trace_id", "correlation_id"]) assert.ok(textOf(body, field));
  assert.equal((await refresh(zoe)).status, 200);
  assert.equal((await refresh(await refreshTokenOf("Ada"))).status, 200, "a new sign-in works");
  controls.revokeRefreshTokens();
  assert.equal((await refresh(zoe)).status, 400);
});

for (const [why, code, suberror] of [
  ["disabled", 50057, undefined],
  ["inactive", 700082, "bad_token"],
] as const) {
  test(`a refresh token is refused as Entra refuses it where the account is ${why}`, async () => {
    const ada = await refreshTokenOf("Ada");
    controls.revokeRefreshTokens(person(provider, "Ada"), why);
    const { status, body } = await refresh(ada);
    assert.deepEqual([status, body["error"], body["error_codes"]], [400, "invalid_grant", [code]]);
    assert.equal(body["suberror"], suberror);
    assert.ok(textOf(body, "error_description").startsWith(`AADSTS${code}: `));
  });
}

test("an unknown refresh token, and another app's, are refused alike", async () => {
  const token = await refreshTokenOf("Ada");
  for (const answer of [await refresh("made-up"), await refresh(token, {}, payroll)]) {
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body["error_codes"], [70000]);
  }
});

test("a claims challenge refuses refreshes until the person signs in with those claims", async () => {
  const zoe = person(provider, "Zoë");
  const challenge = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  const token = await refreshTokenOf("Zoë");
  controls.claimsChallenge(zoe, challenge);
  const refused = await refresh(token);
  assert.deepEqual([refused.status, refused.body["error"]], [400, "invalid_grant"]);
  assert.deepEqual([refused.body["suberror"], refused.body["error_codes"]], ["basic_action", [50076]]);
  assert.equal(refused.body["claims"], challenge);
  await refreshTokenOf("Zoë");
  assert.equal((await refresh(token)).status, 400, "a sign-in without the claims changes nothing");

  const merged = '{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}';
  const stepped = await refreshTokenOf("Zoë", { claims: merged });
  const { status, body } = await refresh(stepped, { claims: merged });
  assert.equal(status, 200);
  const accessToken = decodeJwt(textOf(body, "access_token"));
  assert.deepEqual([accessToken["acrs"], accessToken["xms_cc"]], [["c1"], ["cp1"]]);
});

test("claims that the sign-in has met are in a token only when they are asked for", async () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  const token = await refreshTokenOf("Ada", { claims });
  const acrsOf = async (changes: Record<string, string>) => {
    return decodeJwt(textOf((await refresh(token, changes)).body, "access_token"))["acrs"];
  };
  assert.deepEqual([await acrsOf({}), await acrsOf({ claims })], [undefined, ["c1"]]);
});

test("claims that the sign-in did not bring along cannot be had by refreshing", async () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c7"}}}';
  const refused = await refresh(await refreshTokenOf("Ada"), { claims });
  assert.deepEqual([refused.status, refused.body["claims"]], [400, claims]);
  assert.equal((await refresh(await refreshTokenOf("Ada", { claims }), { claims })).status, 200);
});
