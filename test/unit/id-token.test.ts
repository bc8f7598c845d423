import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { exportSPKI } from "jose";
import { verifyIdToken, type IdTokenClaims, type IdTokenExpectations } from "../../shared/identity/id-token.ts";
import { metadata } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { clientId, tenantId } from "./support/environment.ts";
import { forged, idTokenClaims, keys, nonce, now, own, signed, unsigned, type Claims } from "./support/tokens.ts";

const { signal } = new AbortController();
const expected: IdTokenExpectations = {
  metadata,
  keys,
  azureAd: { clientId, allowedTenants: [] },
  nonce,
  now: Date.now(),
  signal,
};
const otherTenant = "99999999-7d2e-4c60-8b14-5e6f7a8b9c0d";

async function verify(changes: Claims = {}, expectations: Partial<IdTokenExpectations> = {}): Promise<IdTokenClaims> {
  return verifyIdToken(await signed(idTokenClaims(changes)), { ...expected, ...expectations });
}

async function refused(token: string, detail?: RegExp): Promise<void> {
  await assert.rejects(verifyIdToken(token, expected), isProblem("signin_invalid", detail));
}

describe("an ID token of the identity provider", () => {
  test("says who has signed in", async () => {
    assert.deepEqual(await verify({ sid: "sid-1", login_hint: "hint-1" }), {
      issuer: metadata.issuer,
      subject: "subject-1",
      tenantId,
      objectId: "object-1",
      name: "Ada",
      username: "ada@example.org",
      sid: "sid-1",
      loginHint: "hint-1",
      kept: {},
    });
  });

  test("need not have the optional claims", async () => {
    const claims = await verify({ name: undefined, preferred_username: undefined });
    assert.deepEqual([claims.name, claims.username, claims.sid, claims.loginHint], ["", "", undefined, undefined]);
  });

  test("has optional claims only if they are texts", async () => {
    const claims = await verify({
      sid: 5,
      login_hint: ["x"],
      name: {},
      preferred_username: "",
      email: "ada@b.example",
    });
    assert.deepEqual([claims.sid, claims.loginHint, claims.name], [undefined, undefined, "ada@b.example"]);
  });

  test("may have its only audience in a list", async () => {
    assert.equal((await verify({ aud: [clientId] })).subject, "subject-1");
  });

  test("is good for clocks that differ by up to five minutes", async () => {
    for (const changes of [{ exp: now() - 290 }, { nbf: now() + 290 }])
      assert.equal((await verify(changes)).subject, "subject-1");
  });
});

describe("an ID token is refused when its signature", () => {
  test("is missing", async () => refused(unsigned({ alg: "RS256", kid: "own" }, idTokenClaims())));

  test("is said not to be needed (alg none)", async () => {
    for (const alg of ["none", "None", "NONE", ""]) await refused(unsigned({ alg }, idTokenClaims()));
  });

  test("is an HMAC with the public key as secret", async () => {
    const signing = unsigned({ alg: "HS256", kid: "own" }, idTokenClaims()).slice(0, -1);
    const mac = createHmac("sha256", await exportSPKI(own.publicKey))
      .update(signing)
      .digest("base64url");
    await refused(`${signing}.${mac}`);
  });

  test("is by another key under the known key's id", async () => {
    await refused(await forged(idTokenClaims()), /signature/);
  });

  test("is by a key that the token brings along", async () => {
    const { publicJwk } = await import("./support/tokens.ts");
    const header = { jwk: publicJwk, jku: "https://evil.example/keys", x5u: "https://evil.example/x" };
    await refused(await forged(idTokenClaims(), header), /signature/);
  });

  test("is by an unknown key", async () =>
    refused(await signed(idTokenClaims(), { header: { kid: "other" } }), /signature/));

  test("belongs to another token", async () => {
    const [header, , signature] = (await signed(idTokenClaims())).split(".");
    const payload = Buffer.from(JSON.stringify(idTokenClaims({ oid: "somebody-else" }))).toString("base64url");
    await refused([header, payload, signature].join("."), /signature/);
  });

  test("covers an extension that nobody here understands", async () => {
    const token = unsigned({ alg: "RS256", kid: "own", crit: ["x"], x: 1 }, idTokenClaims(), "AAAA");
    await refused(token);
  });
});

describe("what is no ID token at all is refused", () => {
  const garbage = ["", "x", "a.b", "a.b.c", "..", "a.b.c.d.e", `${"A".repeat(5_000)}.A.A`, "null", "{}"];
  for (const token of garbage) test(JSON.stringify(token.slice(0, 20)), async () => refused(token));
});

describe("an ID token is refused when its", () => {
  const wrong: readonly [claim: string, how: string, changes: Claims][] = [
    ["iss", "is missing", { iss: undefined }],
    ["iss", "is another identity provider", { iss: `https://evil.example/${tenantId}/v2.0` }],
    ["iss", "is another tenant", { iss: `https://idp.example/${otherTenant}/v2.0` }],
    ["iss", "is longer", { iss: `${metadata.issuer}/` }],
    ["aud", "is missing", { aud: undefined }],
    ["aud", "is another app", { aud: otherTenant }],
    ["aud", "is empty", { aud: [] }],
    ["aud", "is this app and another one", { aud: [clientId, otherTenant] }],
    ["nonce", "is missing", { nonce: undefined }],
    ["nonce", "is another sign-in's", { nonce: "another" }],
    ["nonce", "is a list", { nonce: [nonce] }],
    ["exp", "is missing", { exp: undefined }],
    ["exp", "is no time", { exp: "never" }],
    ["iat", "is missing", { iat: undefined }],
    ["sub", "is missing", { sub: undefined }],
    ["sub", "is empty", { sub: "" }],
    ["tid", "is missing", { tid: undefined }],
    ["oid", "is missing", { oid: undefined }],
    ["oid", "is no text", { oid: 5 }],
  ];
  for (const [claim, how, changes] of wrong) {
    test(`${claim} ${how}`, async () => {
      await refused(await signed(idTokenClaims(changes)), new RegExp(`: ${claim}\\.$`));
    });
  }

  test("times do not fit the clock, by name: it may be the clock that is wrong", async () => {
    const times: readonly Claims[] = [
      { exp: now() - 330 },
      { nbf: now() + 310 },
      { iat: now() + 310, nbf: now() },
      { iat: now() + 310, nbf: now() + 310, exp: now() + 4_000 },
    ];
    for (const changes of times) {
      const token = await signed(idTokenClaims(changes));
      await assert.rejects(verifyIdToken(token, expected), isProblem("clock_skew", /: (exp|nbf|iat)\.$/));
    }
  });

  test("claims hold what must not be repeated to the caller", async () => {
    const token = await signed(idTokenClaims({ nonce: "<script>secret" }));
    await refused(token, /^(?!.*(script|secret|Ada))/);
  });
});

const issuedBy = (tenant: string) => `https://idp.example/${tenant}/v2.0`;

describe("the tenants let in", () => {
  const only = { azureAd: { clientId, allowedTenants: [otherTenant] } };
  const multiTenant = { ...metadata, issuer: "https://idp.example/{tenantid}/v2.0" };

  test("are all of the authority's where none is named", async () => {
    const changes = { tid: otherTenant, iss: issuedBy(otherTenant) };
    assert.equal((await verify(changes, { metadata: multiTenant })).tenantId, otherTenant);
  });

  test("are the named ones, however the token spells them", async () => {
    const tid = otherTenant.toUpperCase();
    const claims = await verify({ tid, iss: issuedBy(tid) }, { metadata: multiTenant, ...only });
    assert.equal(claims.tenantId, tid);
  });

  test("are no others", async () => {
    await assert.rejects(
      verify({}, { metadata: multiTenant, ...only }),
      isProblem("tenant_not_allowed", /^(?!.*3f9a)/),
    );
  });

  test("cannot be chosen by a token whose issuer is another tenant", async () => {
    const changes = { tid: otherTenant, iss: issuedBy(tenantId) };
    await assert.rejects(verify(changes, { metadata: multiTenant, ...only }), isProblem("signin_invalid", /: iss\.$/));
  });

  test("cannot be chosen by a token that repeats the issuer's placeholder", async () => {
    for (const tid of ["{tenantid}", "$&", "$`"]) {
      const changes = { tid, iss: issuedBy(tenantId) };
      await assert.rejects(verify(changes, { metadata: multiTenant }), isProblem("signin_invalid"));
    }
  });
});

describe("an ID token for a sign-in that may not be older than asked", () => {
  const authenticatedSince = expected.now - 60_000;
  const at = (seconds: number) => Math.floor(authenticatedSince / 1000) + seconds;

  test("is good when the person signed in since then, by clocks that differ by five minutes at most", async () => {
    for (const seconds of [-299, 0, 30, 600])
      assert.equal((await verify({ auth_time: at(seconds) }, { authenticatedSince })).subject, "subject-1");
  });

  test("is refused when it was earlier, or is not said as a number", async () => {
    for (const time of [at(-302), 0, undefined, null, String(at(0)), new Date().toISOString(), [at(0)]]) {
      const verified = verify({ auth_time: time }, { authenticatedSince });
      await assert.rejects(verified, isProblem("signin_invalid", /auth_time/), String(time));
    }
  });

  test("need not say it where nobody asked", async () => {
    assert.equal((await verify({ auth_time: 1 })).subject, "subject-1");
  });
});
