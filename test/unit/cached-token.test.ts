import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cachedToken } from "../../shared/downstream/cached-token.ts";
import { signedIn } from "./support/app.ts";

const clientId = "app";
const { claims } = signedIn("ada");
const now = Date.parse("2026-03-01T12:00:00.000Z");
const seconds = (fromNow: number) => String(now / 1000 + fromNow);

/** As MSAL serializes it. */
const token = {
  home_account_id: claims.homeAccountId,
  environment: "idp.example",
  credential_type: "AccessToken",
  client_id: clientId,
  secret: "access-1",
  realm: "tenant",
  target: "User.Read openid profile",
  cached_at: seconds(-60),
  expires_on: seconds(3_600),
  extended_expires_on: seconds(7_200),
  token_type: "Bearer",
};

const read = (scopes: readonly string[], ...tokens: readonly object[]) => {
  const tokenCache = JSON.stringify({ AccessToken: Object.fromEntries(tokens.entries()), RefreshToken: {} });
  return cachedToken({ claims, tokenCache }, scopes, clientId, now);
};

describe("an access token is read from the session's cache", () => {
  test("where it has all the scopes, however they are spelled", () => {
    assert.equal(read(["User.Read"], token), "access-1");
    assert.equal(read(["user.READ", "openid"], token), "access-1");
  });

  test("where another one is for other scopes", () => {
    assert.equal(read(["User.Read"], { ...token, target: "api://orders/read", secret: "access-2" }, token), "access-1");
  });

  test("until five minutes before its end", () => {
    assert.equal(read(["User.Read"], { ...token, expires_on: seconds(301) }), "access-1");
    assert.equal(read(["User.Read"], { ...token, refresh_on: seconds(1) }), "access-1");
  });
});

describe("it is left to MSAL", () => {
  const doubts: Readonly<Record<string, readonly object[]>> = {
    "without a token": [],
    "when it is about to expire": [{ ...token, expires_on: seconds(300) }],
    "when it has expired": [{ ...token, expires_on: seconds(-1) }],
    "when its times cannot be read": [{ ...token, expires_on: "soon" }],
    "when a renewal ahead of time is due": [{ ...token, refresh_on: seconds(0) }],
    "when it is of a time that has not come": [{ ...token, cached_at: seconds(60) }],
    "when it lacks a scope": [{ ...token, target: "User.ReadBasic.All" }],
    "when there are several": [token, { ...token, secret: "access-2" }],
    "when it is another account's": [{ ...token, home_account_id: "eve.tenant" }],
    "when it is another app's": [{ ...token, client_id: "other" }],
    "when it is bound to a key": [{ ...token, credential_type: "AccessToken_With_AuthScheme", token_type: "pop" }],
    "when it is of another type": [{ ...token, token_type: "pop" }],
    "when it was issued for particular claims": [{ ...token, additionalCacheKeyComponents: { claims: "x" } }],
    "when it was issued on behalf of another token": [{ ...token, userAssertionHash: "x" }],
    "when the token itself is missing": [{ ...token, secret: "" }],
    "when the entry is none": [[]],
  };
  for (const [when, tokens] of Object.entries(doubts)) {
    test(when, () => assert.equal(read(["User.Read"], ...tokens), undefined));
  }

  test("when the cache is empty", () => {
    assert.equal(cachedToken({ claims, tokenCache: "{}" }, ["User.Read"], clientId, now), undefined);
    assert.equal(cachedToken({ claims, tokenCache: "[]" }, ["User.Read"], clientId, now), undefined);
  });
});
