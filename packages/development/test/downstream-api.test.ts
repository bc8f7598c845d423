import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startDownstreamApi } from "../src/downstream-api/api.ts";
import { createBrowser, person, portal, startProvider, textOf } from "@entra-functions-bff/identity-provider/testing";

const { provider, signIn, redeem, tokensOf } = await startProvider();
const api = await startDownstreamApi({
  port: 0,
  issuer: `${provider.instance}{tenantid}/v2.0`,
  jwks: async () => provider.jwks(),
  audience: "https://graph.microsoft.com",
  scope: "User.Read",
});
after(async () => api.stop());

async function tokenOf(givenName: string, scope = "User.Read") {
  return textOf(await tokensOf(givenName, { scope: `openid profile ${scope}` }), "access_token");
}

async function get(
  path: string,
  token?: string,
  init: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {},
) {
  const headers = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...init.headers };
  return fetch(`${api.url}/v1.0${path}`, { redirect: "manual", ...init, headers });
}

interface GraphError {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly innerError: Readonly<Record<string, string>>;
  };
}

async function errorOf(response: Response) {
  const { error } = (await response.json()) as GraphError;
  assert.deepEqual(Object.keys(error.innerError), ["date", "request-id", "client-request-id"]);
  return { status: response.status, code: error.code, message: error.message };
}

test("/me is the token's owner, whatever their tenant and alphabet", async () => {
  for (const name of ["Ada", "Bruno", "Zoë", "Mika"]) {
    const who = person(provider, name);
    const me = (await (await get("/me", await tokenOf(name))).json()) as Record<string, unknown>;
    assert.equal(me["id"], who.oid);
    assert.equal(me["displayName"], who.name);
    assert.equal(me["userPrincipalName"], who.preferredUsername);
    assert.equal(me["mail"], who.email ?? null);
  }
});

test("the photo is a small PNG, and the guest has none", async () => {
  const photo = await get("/me/photo/$value", await tokenOf("Ada"));
  assert.equal(photo.headers.get("content-type"), "image/png");
  assert.equal(
    Buffer.from(await photo.arrayBuffer())
      .subarray(1, 4)
      .toString(),
    "PNG",
  );
  assert.equal((await errorOf(await get("/me/photo/$value", await tokenOf("Mika")))).code, "ImageNotFound");
});

test("echo returns method, path, headers and body, without the token", async () => {
  const token = await tokenOf("Ada");
  const response = await get("/echo/a%2Fb?x=1", token, {
    method: "POST",
    body: "ünïcode",
    headers: { "x-own": "yes" },
  });
  const answer = await response.text();
  const { method, path, headers, body } = JSON.parse(answer) as Record<string, Record<string, string>>;
  assert.deepEqual([method, path, body], ["POST", "/v1.0/echo/a%2Fb?x=1", "ünïcode"]);
  assert.equal(headers?.["x-own"], "yes");
  assert.ok(!answer.includes(token));
});

test("redirect leads where it is told, and anything else is Graph's 404", async () => {
  const token = await tokenOf("Ada");
  const redirect = await get("/redirect?to=http://attacker.example/", token);
  assert.deepEqual([redirect.status, redirect.headers.get("location")], [302, "http://attacker.example/"]);
  const missing = await errorOf(await get("/planets/9", token));
  assert.deepEqual(missing, {
    status: 404,
    code: "ResourceNotFound",
    message: "Resource not found for the segment 'planets'.",
  });
});

test("no token, a damaged one, an expired one and one for another audience are each refused with 401", async () => {
  provider.controls.accessTokenLifetimeSeconds = -1;
  const expired = await tokenOf("Ada");
  provider.controls.accessTokenLifetimeSeconds = 3600;
  const good = await tokenOf("Ada");
  const cases: [string | undefined, RegExp][] = [
    [undefined, /empty/],
    ["abc", /validation failure/],
    [`${good.slice(0, -8)}AAAAAAAA`, /validation failure/],
    [expired, /expired/],
    [await tokenOf("Ada", "api://orders/User.Read"), /audience/],
  ];
  for (const [token, message] of cases) {
    const response = await get("/me", token);
    assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer realm="", authorization_uri="/);
    const error = await errorOf(response);
    assert.deepEqual([error.status, error.code], [401, "InvalidAuthenticationToken"]);
    assert.match(error.message, message);
  }
});

test("a token that was good is refused when its time is over", async (t) => {
  const token = await tokenOf("Ada");
  assert.equal((await get("/me", token)).status, 200);
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 24 * 60 * 60_000 });
  const { status, message } = await errorOf(await get("/me", token));
  assert.deepEqual([status, /expired/.test(message)], [401, true]);
});

test("a token of another issuer is refused although the key is the right one", async () => {
  const strict = await startDownstreamApi({
    port: 0,
    issuer: "https://elsewhere.example/v2.0",
    jwks: async () => provider.jwks(),
    audience: "https://graph.microsoft.com",
    scope: "User.Read",
  });
  const response = await fetch(`${strict.url}/v1.0/me`, {
    headers: { authorization: `Bearer ${await tokenOf("Ada")}` },
  });
  await strict.stop();
  assert.match((await errorOf(response)).message, /issuer/);
});

test("a token without the scope is refused with 403", async () => {
  const error = await errorOf(await get("/me", await tokenOf("Ada", "Mail.Read")));
  assert.deepEqual([error.status, error.code], [403, "Authorization_RequestDenied"]);
});

test("a key published later is fetched when a token names it", async () => {
  provider.controls.rotateSigningKey();
  assert.equal((await get("/me", await tokenOf("Ada"))).status, 200);
});

test("a claims challenge carries its claims in base64, as often as told", async () => {
  const token = await tokenOf("Ada");
  api.controls.claimsChallengeNext(2);
  for (const _ of [1, 2]) {
    const response = await get("/me", token);
    assert.equal(response.status, 401);
    const header = response.headers.get("www-authenticate") ?? "";
    assert.match(header, /error="insufficient_claims"/);
    const claims = Buffer.from(/claims="([^"]+)"/.exec(header)?.[1] ?? "", "base64").toString();
    assert.ok("nbf" in (JSON.parse(claims) as { access_token: object }).access_token);
  }
  assert.equal((await get("/me", token)).status, 200);
});

test("an authentication context is demanded until a token carries it", async () => {
  api.controls.requireAuthenticationContext("c1");
  const challenged = await get("/me", await tokenOf("Ada"));
  const claims = /claims="([^"]+)"/.exec(challenged.headers.get("www-authenticate") ?? "")?.[1] ?? "";
  const browser = createBrowser(provider);
  const stepUp = { claims: Buffer.from(claims, "base64").toString() };
  const callback = await signIn(browser, person(provider, "Ada"), portal, stepUp);
  const stepped = textOf((await redeem(callback)).body, "access_token");
  assert.equal((await get("/me", stepped)).status, 200);
  api.controls.requireAuthenticationContext(undefined);
});

test("requests are recorded with whose token and whether a cookie came, never with the token", async () => {
  api.controls.clearRequests();
  const token = await tokenOf("Zoë");
  await get("/me?$select=id", token, { headers: { cookie: "a=b" } });
  await get("/me");
  const [first, second] = api.requests;
  assert.deepEqual([first?.method, first?.path, first?.status], ["GET", "/v1.0/me?$select=id", 200]);
  assert.equal(first?.oid, person(provider, "Zoë").oid);
  assert.equal(first?.headers.authorization, first?.oid);
  assert.deepEqual([first?.cookiePresent, second?.cookiePresent, second?.oid], [true, false, undefined]);
  assert.ok(!JSON.stringify(api.requests).includes(token));
});

test("the API can fail, hang and be held", async () => {
  const token = await tokenOf("Ada");
  api.controls.failNext({ type: "status", status: 429, headers: { "retry-after": "7" }, body: { error: {} } });
  const busy = await get("/me", token);
  assert.deepEqual([busy.status, busy.headers.get("retry-after")], [429, "7"]);
  api.controls.failNext({ type: "reset" });
  await assert.rejects(get("/me", token));
  api.controls.failNext({ type: "hang" });
  const arrival = api.controls.gate();
  const caller = new AbortController();
  const hanging = get("/me", token, { signal: caller.signal });
  await arrival.reached();
  arrival.release();
  setImmediate(() => caller.abort());
  await assert.rejects(hanging, { name: "AbortError" });
  api.controls.failNext({ type: "garbage" });
  await assert.rejects((await get("/me", token)).json());
  const gate = api.controls.gate();
  const held = get("/me", token);
  await gate.reached();
  gate.release();
  assert.equal((await held).status, 200);
});

test("keys that cannot be fetched are the API's trouble, not the caller's, and are fetched again", async () => {
  let failures = 1;
  const unlucky = await startDownstreamApi({
    port: 0,
    issuer: `${provider.instance}${provider.tenantId}/v2.0`,
    jwks: async () => {
      if (failures-- > 0) throw new Error("no keys");
      return provider.jwks();
    },
    audience: "https://graph.microsoft.com",
    scope: "User.Read",
  });
  after(async () => unlucky.stop());
  const ask = async () => fetch(`${unlucky.url}/v1.0/me`, { headers: { authorization: `Bearer ${token}` } });
  const token = await tokenOf("Ada");
  assert.equal((await ask()).status, 503);
  assert.equal((await ask()).status, 200);
});
