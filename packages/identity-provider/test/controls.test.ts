import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { authorizeUrl, createBrowser, person, portal, startProvider, textOf } from "../src/testing.ts";

const { provider, call, signIn, redeem, tokensOf, refresh } = await startProvider();
const { controls } = provider;
const ada = person(provider, "Ada");

test("the next ID token can be wrong in every way an app must notice, and the one after is right", async () => {
  const keys = createLocalJWKSet(provider.jwks());
  const verifies = async (token: string) =>
    jwtVerify(token, keys).then(
      () => true,
      () => false,
    );
  const nextIdToken = async (tampering: Parameters<typeof controls.tamperWithNextIdToken>[0]) => {
    controls.tamperWithNextIdToken(tampering);
    return textOf(await tokensOf("Ada"), "id_token");
  };
  const claims = await nextIdToken({ claims: { aud: "another-app", nonce: undefined } });
  assert.equal(decodeJwt(claims).aud, "another-app");
  assert.equal(decodeJwt(claims)["nonce"], undefined);
  assert.ok(await verifies(claims));
  const expired = await nextIdToken({ claims: (right) => ({ ...right, exp: 1 }) });
  assert.equal(decodeJwt(expired).exp, 1);
  const unsigned = await nextIdToken({ signature: "none" });
  assert.deepEqual([decodeProtectedHeader(unsigned).alg, unsigned.split(".")[2]], ["none", ""]);
  assert.equal(await verifies(await nextIdToken({ signature: "foreign-key" })), false);
  assert.equal(await verifies(await nextIdToken({ signature: "corrupt" })), false);
  assert.equal(decodeProtectedHeader(await nextIdToken({ header: { kid: "unknown" } })).kid, "unknown");
  assert.ok(await verifies(textOf(await tokensOf("Ada"), "id_token")));
});

test("after a change of the signing key both keys are published", async () => {
  const before = textOf(await tokensOf("Ada"), "id_token");
  controls.rotateSigningKey();
  const later = textOf(await tokensOf("Ada"), "id_token");
  const keys = createLocalJWKSet(provider.jwks());
  assert.notEqual(decodeProtectedHeader(before).kid, decodeProtectedHeader(later).kid);
  for (const token of [before, later]) await jwtVerify(token, keys);
});

test("one more person can sign in while it runs, with any claims in the ID token", async () => {
  const oid = "7d1c8a52-93f4-4f0b-8a1e-c5d2b6e07f39";
  const claims = { department: "Sales" };
  controls.addPerson({
    ...ada,
    oid,
    uid: oid,
    givenName: "Noor",
    name: "Noor",
    preferredUsername: "noor@contoso.example",
    claims,
  });
  const token = decodeJwt(textOf(await tokensOf("Noor"), "id_token"));
  assert.deepEqual([token["oid"], token["department"]], [oid, "Sales"]);
});

test("tests can have any token signed by the provider's key", async () => {
  const token = await controls.signToken({ events: {} }, { header: { typ: "logout+jwt" } });
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(provider.jwks()));
  assert.deepEqual([payload["events"], protectedHeader.typ], [{}, "logout+jwt"]);
});

test("an endpoint fails as told, as often as told, and then works again", async () => {
  const token = textOf(await tokensOf("Ada"), "refresh_token");
  controls.failNext("token", { type: "status", status: 503, body: { error: "temporarily_unavailable" } }, 2);
  assert.deepEqual([(await refresh(token)).status, (await refresh(token)).status], [503, 503]);
  assert.equal((await refresh(token)).status, 200);
  controls.failNext("token", { type: "reset" });
  await assert.rejects(refresh(token));
  controls.failNext("token", { type: "garbage" });
  await assert.rejects(refresh(token), SyntaxError);
  controls.failNext("token", { type: "delay", ms: 30 });
  const begun = Date.now();
  assert.equal((await refresh(token)).status, 200);
  assert.ok(Date.now() - begun >= 29);
  for (const [endpoint, path] of [
    ["discovery", "v2.0/.well-known/openid-configuration"],
    ["jwks", "discovery/v2.0/keys"],
  ] as const) {
    controls.failNext(endpoint, { type: "status", status: 500 });
    assert.equal((await call(`${provider.instance}${provider.tenantId}/${path}`)).status, 500);
  }
});

test("faults and gates can be meant for one grant only, and faults can be taken back", async () => {
  const token = textOf(await tokensOf("Ada"), "refresh_token");
  controls.failNext("token", { type: "status", status: 503 }, 1, { grantType: "refresh_token" });
  assert.ok(textOf(await tokensOf("Ada"), "access_token"));
  assert.equal((await refresh(token)).status, 503);
  controls.failNext("token", { type: "status", status: 503 });
  controls.clearFaults();
  assert.equal((await refresh(token)).status, 200);
});

test("an answer can be lost after the tokens were issued: under rotation the old token is used up", async () => {
  const token = textOf(await tokensOf("Ada"), "refresh_token");
  controls.rotateRefreshTokens = true;
  controls.failNext("token", { type: "reset" }, 1, { when: "after" });
  await assert.rejects(refresh(token));
  assert.equal((await refresh(token)).status, 400);
  controls.rotateRefreshTokens = false;
});

test("a request that hangs ends when the provider stops", async () => {
  const other = await startProvider();
  const gate = other.provider.controls.gate("jwks");
  other.provider.controls.failNext("jwks", { type: "hang" });
  const hanging = assert.rejects(
    other.call(`${other.provider.instance}${other.provider.tenantId}/discovery/v2.0/keys`),
  );
  await gate.reached();
  gate.release();
  assert.equal(other.provider.controls.requests.all()[0]?.status, undefined);
  await other.provider.stop();
  await hanging;
});

test("a gate holds requests, says when they have arrived, and lets them go", async () => {
  const token = textOf(await tokensOf("Ada"), "refresh_token");
  for (const when of ["before", "after"] as const) {
    const gate = controls.gate("token", { grantType: "refresh_token", when });
    const issuedBefore = controls.issuedTokens().length;
    const answers = [refresh(token), refresh(token)];
    await gate.reached(2);
    assert.equal(gate.arrived, 2);
    assert.equal(controls.issuedTokens().length > issuedBefore, when === "after");
    gate.release();
    assert.deepEqual(
      (await Promise.all(answers)).map(({ status }) => status),
      [200, 200],
    );
    assert.equal((await refresh(token)).status, 200);
  }
});

test("every code and token handed out is on record, for tests that look for leaks", async () => {
  const callback = await signIn(createBrowser(provider), ada);
  const { body } = await redeem(callback);
  const issued = controls.issuedTokens();
  assert.ok(issued.includes(callback.searchParams.get("code") ?? ""));
  for (const name of ["access_token", "refresh_token", "id_token"])
    assert.ok(issued.includes(textOf(body, name)), name);
});

test("requests are counted by endpoint, grant, app and status", async () => {
  controls.requests.clear();
  const token = textOf(await tokensOf("Ada"), "refresh_token");
  await refresh(token);
  await refresh("made-up");
  const { requests } = controls;
  assert.equal(requests.count({ endpoint: "token" }), 3);
  assert.equal(requests.count({ endpoint: "token", grantType: "authorization_code" }), 1);
  assert.equal(requests.count({ grantType: "refresh_token", status: 400 }), 1);
  assert.equal(requests.count({ clientId: portal.clientId, status: 200 }), 2);
  assert.equal(requests.all({ endpoint: "authorize" }).length, 2);
  requests.clear();
  assert.equal(requests.count(), 0);
});

test("session_state can be left out", async () => {
  controls.includeSessionState = false;
  const callback = await signIn(createBrowser(provider), ada);
  controls.includeSessionState = true;
  assert.equal(callback.searchParams.get("session_state"), null);
});

test("authorization and end-session requests can fail too", async () => {
  const browser = createBrowser(provider);
  controls.failNext("authorize", { type: "status", status: 500, body: "down" });
  assert.equal((await browser.open(authorizeUrl(provider, portal))).status, 500);
  controls.failNext("end-session", { type: "status", status: 502, body: "down" });
  assert.equal((await browser.open(`/${provider.tenantId}/oauth2/v2.0/logout`)).status, 502);
});
