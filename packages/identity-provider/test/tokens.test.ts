import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { createBrowser, payroll, person, portal, startProvider, textOf } from "../src/testing.ts";

const { provider, call, signIn, askForTokens, redeem, tokensOf } = await startProvider();
const ada = person(provider, "Ada");
const keys = createLocalJWKSet(provider.jwks());

test("the ID token carries Entra's claims and verifies against the published key", async () => {
  const body = await tokensOf("Ada");
  const issuer = `${provider.instance}${provider.tenantId}/v2.0`;
  const { payload, protectedHeader } = await jwtVerify(textOf(body, "id_token"), keys, {
    issuer,
    audience: portal.clientId,
  });
  assert.equal(protectedHeader.alg, "RS256");
  assert.ok(protectedHeader.kid);
  const { oid, tid, name, preferred_username: userName, nonce, ver } = payload;
  assert.deepEqual(
    { oid, tid, name, userName },
    { oid: ada.oid, tid: ada.tid, name: ada.name, userName: ada.preferredUsername },
  );
  assert.deepEqual({ nonce, ver }, { nonce: "the-nonce", ver: "2.0" });
  for (const claim of ["sub", "sid", "login_hint", "uti"]) assert.equal(typeof payload[claim], "string", claim);
  assert.notEqual(payload.sub, ada.oid);
  assert.equal(payload["email"], undefined);
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3600);
});

test("sid, login_hint and email depend on what the registration and the scopes ask for", async () => {
  const bare = { ...portal, clientId: "bare", optionalClaims: [] };
  provider.controls.registerApp(bare);
  const claims = decodeJwt(textOf(await tokensOf("Ada", {}, bare), "id_token"));
  assert.equal(claims["sid"], undefined);
  assert.equal(claims["login_hint"], undefined);
  provider.controls.setOptionalClaims("bare", ["sid"]);
  assert.equal(typeof decodeJwt(textOf(await tokensOf("Ada", {}, bare), "id_token"))["sid"], "string");
  const scope = "openid profile email";
  assert.equal(decodeJwt(textOf(await tokensOf("Ada", { scope }), "id_token"))["email"], ada.email);
  assert.equal(decodeJwt(textOf(await tokensOf("Bruno", { scope }), "id_token"))["email"], undefined);
});

test("the token response is shaped as Entra's; a refresh token comes with offline_access only", async () => {
  const body = await tokensOf("Ada");
  assert.deepEqual(Object.keys(body).toSorted(), [
    "access_token",
    "client_info",
    "expires_in",
    "ext_expires_in",
    "id_token",
    "refresh_token",
    "scope",
    "token_type",
  ]);
  assert.equal(body["token_type"], "Bearer");
  assert.equal(body["expires_in"], 3600);
  assert.equal(body["scope"], "openid profile User.Read");
  assert.deepEqual(JSON.parse(Buffer.from(textOf(body, "client_info"), "base64url").toString()), {
    uid: ada.uid,
    utid: ada.utid,
  });
  assert.equal((await tokensOf("Ada", { scope: "openid profile User.Read" }))["refresh_token"], undefined);
});

test("an access token is for one resource: bare scopes are Graph's, api:// scopes their API's", async () => {
  const graph = decodeJwt(textOf(await tokensOf("Ada", { scope: "openid User.Read Mail.Read" }), "access_token"));
  assert.deepEqual([graph.aud, graph["scp"]], ["https://graph.microsoft.com", "User.Read Mail.Read"]);
  assert.deepEqual([graph["oid"], graph["tid"], graph["azp"]], [ada.oid, ada.tid, portal.clientId]);
  const orders = await tokensOf("Ada", { scope: "openid api://orders/Orders.Read api://orders/Orders.Write" });
  const api = decodeJwt(textOf(orders, "access_token"));
  assert.deepEqual([api.aud, api["scp"]], ["api://orders", "Orders.Read Orders.Write"]);
  assert.equal(orders["scope"], "api://orders/Orders.Read api://orders/Orders.Write");
  const none = decodeJwt(textOf(await tokensOf("Ada", { scope: "openid" }), "access_token"));
  assert.equal(none.aud, "https://graph.microsoft.com");
});

test("a refresh token is good for any resource and for .default, but for one resource at a time", async () => {
  const body = await tokensOf("Ada", { scope: "openid offline_access User.Read api://orders/Orders.Read" });
  const refresh = async (scope: string) =>
    askForTokens({ grant_type: "refresh_token", refresh_token: textOf(body, "refresh_token"), scope });
  const scopeOf = async (scope: string) => decodeJwt(textOf((await refresh(scope)).body, "access_token"))["scp"];
  assert.equal(await scopeOf("https://graph.microsoft.com/Mail.Read"), "Mail.Read");
  assert.equal(await scopeOf("api://orders/.default"), "Orders.Read");
  const two = await refresh("User.Read api://orders/Orders.Read");
  assert.equal(two.status, 400);
  assert.deepEqual(two.body["error_codes"], [28000]);
  assert.deepEqual((await refresh("https://graph.microsoft.com/")).body["error_codes"], [70011]);
});

test("the lifetime of access tokens can be changed at run time", async () => {
  provider.controls.accessTokenLifetimeSeconds = 5;
  const body = await tokensOf("Ada");
  provider.controls.accessTokenLifetimeSeconds = 3600;
  const { iat = 0, exp = 0 } = decodeJwt(textOf(body, "access_token"));
  assert.deepEqual([body["expires_in"], exp - iat], [5, 5]);
});

/** The AADSTS code of a refused grant. */
async function errorOf(answer: ReturnType<typeof redeem>): Promise<number | undefined> {
  const { status, body } = await answer;
  assert.equal(status, 400);
  assert.equal(body["error"], "invalid_grant");
  return (body["error_codes"] as number[])[0];
}

test("a code works once, for its app, its redirect URI and its PKCE verifier", async () => {
  const browser = createBrowser(provider);
  const verifier = "v".repeat(43);
  const pkce = {
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  };
  const fresh = async () => signIn(browser, ada, portal, pkce);
  const good = { code_verifier: verifier };
  assert.equal(await errorOf(redeem(await fresh(), portal, { code_verifier: "w".repeat(43) })), 501481);
  assert.equal(await errorOf(redeem(await fresh(), portal)), 501481);
  assert.equal(await errorOf(redeem(await fresh(), payroll, good)), 70000);
  const elsewhere = { ...good, redirect_uri: "http://localhost:7071/" };
  assert.equal(await errorOf(redeem(await fresh(), portal, elsewhere)), 500112);
  const callback = await fresh();
  assert.equal((await redeem(callback, portal, good)).status, 200);
  assert.equal(await errorOf(redeem(callback, portal, good)), 54005);
});

test("an app must prove who it is: by secret in body or header, and not by a wrong one", async () => {
  const callback = async () => signIn(createBrowser(provider), ada);
  const wrong = await redeem(await callback(), { ...portal, clientSecret: "guessed" });
  assert.deepEqual([wrong.status, wrong.body["error"], wrong.body["error_codes"]], [401, "invalid_client", [7000215]]);
  const unknown = await redeem(await callback(), { ...portal, clientId: "nobody" });
  assert.deepEqual([unknown.status, unknown.body["error_codes"]], [401, [700016]]);
  const none = await redeem(await callback(), { ...portal, clientSecret: "" });
  assert.deepEqual([none.status, none.body["error_codes"]], [401, [7000218]]);
  const basic = await call(`${provider.instance}${provider.tenantId}/oauth2/v2.0/token`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      authorization: `Basic ${Buffer.from(`${portal.clientId}:${portal.clientSecret}`).toString("base64")}`,
    },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code: (await callback()).searchParams.get("code") ?? "",
      redirect_uri: portal.redirectUris[0] ?? "",
    }).toString(),
  });
  assert.equal(basic.status, 200);
});

test("other grants are refused by name", async () => {
  for (const grant of [
    "urn:ietf:params:oauth:grant-type:device_code",
    "password",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
  ]) {
    const { status, body } = await askForTokens({ grant_type: grant });
    assert.deepEqual([status, body["error"], body["error_codes"]], [400, "unsupported_grant_type", [70003]]);
  }
});

async function appToken(scope: string) {
  return askForTokens({ grant_type: "client_credentials", scope });
}

test("an app gets a token for itself with its credential alone, and for no other resource", async () => {
  const { status, body } = await appToken(`${portal.clientId}/.default`);
  assert.deepEqual([status, body["token_type"], body["refresh_token"]], [200, "Bearer", undefined]);
  const other = await appToken("https://graph.microsoft.com/.default");
  assert.deepEqual([other.status, other.body["error"], other.body["error_codes"]], [400, "invalid_resource", [500011]]);
  const bare = await appToken("User.Read");
  assert.deepEqual([bare.status, bare.body["error_codes"]], [400, [1002012]]);
});
