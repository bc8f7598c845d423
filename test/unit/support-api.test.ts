import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { HttpMethod } from "@azure/functions";
import { servicesNotBefore } from "../../functions/not-before.ts";
import * as support from "../../functions/support.ts";
import { rateLimit } from "../../shared/core/rate-limit.ts";
import type { FunctionDefinition } from "../../shared/pipeline/handler.ts";
import { metadata, testApp, type TestApp } from "./support/app.ts";
import { clientId, tenantId } from "./support/environment.ts";
import { call } from "./support/http.ts";
import { aMomentLater, isSignedIn, signIn, type OpenedSession } from "./support/sessions.ts";
import { forged, idTokenClaims, keys, now, publicJwk, signed, unsigned, type Claims } from "./support/tokens.ts";

const caller = "c0ffee00-1111-4222-8333-444444444444";
const ada = `ada.${tenantId}`;

/** An access token of a service with the app role, as the platform issues it, but for `changes`. */
function claims(changes: Claims = {}) {
  const all: Claims = {
    iss: metadata.issuer,
    aud: clientId,
    iat: now(),
    nbf: now(),
    exp: now() + 3600,
    tid: tenantId,
    azp: caller,
    roles: ["Sessions.Manage"],
    ver: "2.0",
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

let app: TestApp;
let laptop: OpenedSession;
let phone: OpenedSession;
beforeEach(async () => {
  app = testApp({}, { keys });
  laptop = await signIn(app, "ada", { sid: "laptop" });
  phone = await signIn(app, "ada", { sid: "phone" });
});

const token = async (changes: Claims = {}) => signed(claims(changes), {});
const ask = async (definition: FunctionDefinition, authorization?: string, params: Record<string, string> = {}) =>
  call(app, definition, {
    method: definition.methods[0] as HttpMethod,
    params: { accountId: ada, ...params },
    headers: authorization === undefined ? {} : { authorization },
  });
const askWith = async (definition: FunctionDefinition, changes: Claims = {}, params?: Record<string, string>) =>
  ask(definition, `Bearer ${await token(changes)}`, params);
const codeOf = ({ body }: { readonly body: unknown }) => (body as { readonly code: string }).code;
const signedInOf = async () => [await isSignedIn(app, laptop), await isSignedIn(app, phone)];

describe("a program with the app role", () => {
  test("sees a person's sessions, and nothing that opens or names anything", async () => {
    const { response, body } = await askWith(support.accountSessions);
    assert.equal(response.status ?? 200, 200);
    const { sessions } = body as { sessions: Record<string, unknown>[] };
    assert.deepEqual(sessions.map(({ id }) => String(id)).toSorted(), [laptop.sessionKey, phone.sessionKey].toSorted());
    const names = ["createdAt", "expiresAt", "id", "lastSeenAt", "userAgent"];
    for (const session of sessions) assert.deepEqual(Object.keys(session).toSorted(), names);
  });

  test("gets an empty list for somebody who is not signed in", async () => {
    const { body } = await askWith(support.accountSessions, {}, { accountId: `nobody.${tenantId}` });
    assert.deepEqual(body, { sessions: [] });
  });

  test("ends one session; one that is not there is 404", async () => {
    const end = async () => askWith(support.endAccountSession, {}, { id: laptop.sessionKey });
    assert.equal((await end()).response.status, 204);
    assert.deepEqual(await signedInOf(), [false, true]);
    assert.equal((await end()).response.status, 404);
    assert.equal((await askWith(support.endAccountSession, {}, { id: "toString" })).response.status, 404);
  });

  test("ends all sessions", async () => {
    const { body } = await askWith(support.endAccountSessions);
    assert.deepEqual(body, { outcome: "account_deleted", sessionsRemoved: 2 });
    assert.deepEqual(await signedInOf(), [false, false]);
  });

  test("erases the account: document and index entries are gone, only the mark of the order is left, and others stay", async () => {
    await signIn(app, "bob", { sid: "bob" });
    const { body } = await askWith(support.eraseAccountRecords);
    assert.deepEqual(body, { outcome: "account_deleted", sessionsRemoved: 2, entriesRemoved: 2 });
    const { accounts, sids } = app.memory;
    assert.equal(accounts.documents.size, 1);
    assert.deepEqual(
      [...sids.documents.values()].filter(({ accountKey }) => accountKey === laptop.accountKey),
      [],
    );
    assert.equal(sids.documents.size, 2, "the other person's entry, and the mark");
  });

  test("is logged by its client id, and nobody's account is", async () => {
    const { log } = await askWith(support.accountSessions);
    assert.match(log, new RegExp(`"event":"app_called","function":"account-sessions","client":"${caller}"`));
    assert.ok(!log.includes("ada"));
  });
});

describe("a program with the app role for everybody", () => {
  const endAll = { roles: ["Sessions.EndAll"] };

  test("signs everybody out and takes it back, and is logged by its client id", async () => {
    const bob = await signIn(app, "bob");
    await aMomentLater();
    const everybody = async (method: HttpMethod) => {
      const headers = { authorization: `Bearer ${await token(endAll)}` };
      return call(app, servicesNotBefore, { method, headers });
    };
    const { body, log } = await everybody("PUT");
    assert.match(log, new RegExp(`"event":"app_called","function":"services-not-before","client":"${caller}"`));
    assert.equal(await isSignedIn(app, laptop), false);
    assert.deepEqual((await everybody("GET")).body, body);
    assert.deepEqual((await everybody("DELETE")).body, { everybody: null, tenants: {}, setting: null });
    assert.ok(await isSignedIn(app, bob));
  });

  test("is no other: neither role opens what the other one is for", async () => {
    assert.equal(codeOf(await askWith(servicesNotBefore)), "role_required");
    assert.equal(codeOf(await askWith(support.endAccountSessions, endAll)), "role_required");
    assert.equal(codeOf(await ask(servicesNotBefore)), "token_invalid");
    assert.deepEqual(await signedInOf(), [true, true]);
  });
});

describe("everybody else is refused", () => {
  const refusedFor: Readonly<Record<string, Claims>> = {
    "another audience": { aud: "00000003-0000-0000-c000-000000000000" },
    "another issuer": { iss: "https://evil.example/v2.0" },
    "a token of version 1": { ver: "1.0" },
    "an expired token": { iat: now() - 7200, nbf: now() - 7200, exp: now() - 3600 },
    "a token that is not valid yet": { nbf: now() + 3600 },
    "a token that names no calling app": { azp: undefined },
    "a token with a nonce, like an ID token's": { nonce: "n" },
    "a person's token for an app that acts for them": { scp: "access_as_user" },
    "a person's token by its type": { idtyp: "user" },
    "a token that names no tenant": { tid: undefined },
    "a token whose tenant is no text": { tid: [tenantId] },
    "the issuer of another tenant": { iss: metadata.issuer.replace(tenantId, "99999999-2222-4333-8444-555555555555") },
    "an issuer that only begins right": { iss: `${metadata.issuer}/` },
    "the issuer of version 1": { iss: `https://sts.windows.net/${tenantId}/` },
    "several audiences": { aud: [clientId, "another"] },
    "no audience": { aud: undefined },
    "no version": { ver: undefined },
    "a version that is no text": { ver: 2 },
    "no end": { exp: undefined },
    "an end that is no number": { exp: "9999999999" },
    "an issue in the future": { iat: now() + 3600 },
    "a calling app that is no text": { azp: { toString: caller } },
  };
  for (const [name, changes] of Object.entries(refusedFor)) {
    test(`401: ${name}`, async () => {
      const { response, headers, body } = await askWith(support.endAccountSessions, changes);
      assert.deepEqual([response.status, (body as { code: string }).code], [401, "token_invalid"]);
      assert.equal(headers["www-authenticate"], 'Bearer error="invalid_token"');
      assert.deepEqual(await signedInOf(), [true, true]);
    });
  }

  test("401: no token, another scheme, a forged or unsigned one, one that is too long, a person's ID token", async () => {
    const person = await signed(idTokenClaims({ roles: ["Sessions.Manage"] }), {});
    const wrong = [
      undefined,
      "",
      "Basic YTpi",
      `Bearer ${await forged(claims())}`,
      `Bearer ${unsigned({ alg: "none" }, claims())}`,
      `Bearer ${"a".repeat(20_000)}`,
      `Bearer ${person}`,
    ];
    for (const authorization of wrong) {
      assert.equal((await ask(support.endAccountSessions, authorization)).response.status, 401, authorization);
    }
    assert.deepEqual(await signedInOf(), [true, true]);
  });

  test("401: a signature or a key of the caller's own choosing", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(publicJwk));
    const strange = await generateKeyPair("RS256", { extractable: true });
    const jwk = await exportJWK(strange.publicKey);
    const withHeader = async (header: object) => signed(claims(), { key: strange.privateKey, header });
    const wrong = {
      "HS256 with the public key as the secret": await new SignJWT(claims())
        .setProtectedHeader({ alg: "HS256", kid: "own" })
        .sign(secret),
      "a key in the header": await withHeader({ jwk }),
      "a key set of its own": await withHeader({ jku: "https://evil.example/keys", kid: "evil" }),
      "another algorithm than the key's": await new SignJWT(claims())
        .setProtectedHeader({ alg: "PS256", kid: "own" })
        .sign((await generateKeyPair("PS256")).privateKey),
      "an unknown key id": await withHeader({ kid: "../own" }),
      "a key id that is a list": unsigned({ alg: "RS256", kid: ["own"] }, claims(), "AAAA"),
      "an extension that nobody knows": await signed(claims(), { header: { crit: ["x"], x: 1 } }).catch(() =>
        unsigned({ alg: "RS256", kid: "own", crit: ["x"], x: 1 }, claims(), "AAAA"),
      ),
      "NONE in capitals": unsigned({ alg: "NONE" }, claims()),
      "five parts": `${await token()}.a.b`,
      "parts that are no JSON": "eyJ.eyJ.AAAA",
    };
    for (const [what, each] of Object.entries(wrong)) {
      const { response, body } = await ask(support.endAccountSessions, `Bearer ${each}`);
      assert.deepEqual([response.status, (body as { code: string }).code], [401, "token_invalid"], what);
    }
    assert.deepEqual(await signedInOf(), [true, true]);
  });

  test("403: a token without the role, or with another one", async () => {
    for (const roles of [
      undefined,
      [],
      ["Orders.Approve"],
      "Sessions.Manage",
      ["sessions.manage"],
      [["Sessions.Manage"]],
      { 0: "Sessions.Manage", length: 1 },
    ]) {
      const { response, body } = await askWith(support.endAccountSessions, { roles });
      assert.deepEqual([response.status, (body as { code: string }).code], [403, "role_required"]);
    }
  });

  test("400: an account id of another form", async () => {
    for (const accountId of [
      "",
      "a b",
      "../x",
      "a.b.c",
      "x".repeat(300),
      `${ada}.`,
      `${ada}%2F`,
      "a%00",
      "\u{1F600}",
      `${ada}\n`,
    ]) {
      assert.equal((await askWith(support.accountSessions, {}, { accountId })).response.status, 400);
    }
  });

  test("a session's cookie gives no access", async () => {
    const headers = { cookie: `__Host-session=${laptop.accountKey}.${laptop.secret}` };
    const { response } = await call(app, support.accountSessions, { params: { accountId: ada }, headers });
    assert.equal(response.status, 401);
  });
});

const issuedBy = (tid: string) => ({ tid, iss: `https://idp.example/${tid}/v2.0` });

describe("under a multi-tenant authority", () => {
  const other = "99999999-2222-4333-8444-555555555555";
  const template = { ...metadata, issuer: "https://idp.example/{tenantid}/v2.0" };
  const multiTenant = (settings: Record<string, string> = {}) =>
    testApp(
      { AzureAd__TenantId: "organizations", ...settings },
      { keys, metadata: { known: template, get: async () => template } },
    );

  test("a caller names accounts of its own tenant alone", async () => {
    app = multiTenant();
    laptop = await signIn(app, "ada", { sid: "laptop" });
    const { response, body } = await askWith(support.endAccountSessions, issuedBy(other));
    assert.deepEqual([response.status, (body as { code: string }).code], [403, "tenant_not_allowed"]);
    assert.ok(await isSignedIn(app, laptop));
    assert.equal((await askWith(support.endAccountSessions, issuedBy(tenantId))).response.status ?? 200, 200);
    assert.equal(await isSignedIn(app, laptop), false);
  });

  test("a caller signs its own tenant out alone, and hears of no other", async () => {
    app = multiTenant();
    const roles = ["Sessions.EndAll"];
    const set = async (tid: string, named?: string) => {
      const headers = { authorization: `Bearer ${await token({ roles, ...issuedBy(tid) })}` };
      return call(app, servicesNotBefore, {
        method: "PUT",
        headers,
        params: named === undefined ? {} : { tenantId: named },
      });
    };
    for (const named of [undefined, tenantId]) {
      const { response, body } = await set(other, named);
      assert.deepEqual([response.status, (body as { code: string }).code], [403, "tenant_not_allowed"]);
    }
    await set(tenantId, tenantId);
    const { body } = await set(other, other.toUpperCase());
    const { everybody, tenants } = body as { everybody: unknown; tenants: object };
    assert.deepEqual([everybody, Object.keys(tenants)], [null, [other]]);
  });

  test("a caller of a tenant that the app is not for is refused", async () => {
    app = multiTenant({ AzureAd__AllowedTenants: tenantId });
    const accountId = `ada.${other}`;
    assert.equal((await askWith(support.accountSessions, issuedBy(other), { accountId })).response.status, 403);
  });
});

test("a caller may ask so many times a minute, and others meanwhile", () => {
  const takeTurn = rateLimit(2);
  assert.deepEqual([takeTurn("a"), takeTurn("a"), takeTurn("b")], [0, 0, 0]);
  const seconds = takeTurn("a");
  assert.ok(seconds > 0 && seconds <= 60);
  assert.equal(takeTurn("b"), 0);
});
