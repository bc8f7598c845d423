import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JWTPayload } from "jose";
import type { Authority } from "../../shared/identity/authority.ts";
import { verifyLogoutToken, type LogoutToken } from "../../shared/identity/logout-token.ts";
import type { AuthorityMetadata } from "../../shared/identity/metadata.ts";
import { authority, metadata } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { clientId } from "./support/environment.ts";
import { forged, idTokenClaims, keys, now, signed, unsigned, type Claims } from "./support/tokens.ts";

const event = "http://schemas.openid.net/event/backchannel-logout";
const idp = of({ backChannelLogout: true });
const { signal } = new AbortController();

/** The identity provider, with a part of its metadata changed. */
function of(changes: Partial<AuthorityMetadata>): Authority {
  const known = { ...metadata, ...changes };
  return authority({ keys, metadata: { known, get: () => Promise.resolve(known) } });
}

function claims(changes: Claims = {}): JWTPayload {
  const all: Claims = {
    iss: metadata.issuer,
    aud: clientId,
    iat: now(),
    exp: now() + 120,
    jti: "token-1",
    sub: "subject-1",
    sid: "sid-1",
    events: { [event]: {} },
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const verify = async (changes: Claims = {}, header: object = { typ: "logout+jwt" }): Promise<LogoutToken> =>
  verifyLogoutToken(await signed(claims(changes), { header }), idp, clientId, signal);

const invalid = (detail?: RegExp) => isProblem("logout_token_invalid", detail);

describe("a logout token", () => {
  test("names a session and a subject", async () => {
    const iat = now();
    assert.deepEqual(await verify({ iat }), {
      issuer: metadata.issuer,
      sid: "sid-1",
      subject: "subject-1",
      jti: "token-1",
      issuedAt: new Date(iat * 1000).toISOString(),
    });
  });

  test("may name only one of them", async () => {
    assert.equal((await verify({ sub: undefined })).subject, undefined);
    assert.equal((await verify({ sid: undefined })).sid, undefined);
  });

  test("may say that it is a JWT, or nothing about its type", async () => {
    for (const typ of ["JWT", "jwt", "logout+jwt", "application/logout+jwt", undefined])
      assert.equal((await verify({}, { typ })).subject, "subject-1");
  });
});

describe("a logout token is refused when", () => {
  const wrong: readonly [what: string, claim: string, changes: Claims][] = [
    ["it is an ID token", "nonce", { nonce: "n" }],
    ["it has a nonce, even an empty one", "nonce", { nonce: null }],
    ["it comes from elsewhere", "iss", { iss: "https://evil.example" }],
    ["it is for another app", "aud", { aud: "other" }],
    ["it is for several apps", "aud", { aud: [clientId, "other"] }],
    ["it does not say when it was issued", "iat", { iat: undefined }],
    ["it was issued long ago", "iat", { iat: now() - 1_000 }],
    ["it will be issued later", "iat", { iat: now() + 1_000 }],
    ["it has expired", "exp", { exp: now() - 400 }],
    ["it never expires", "exp", { exp: undefined }],
    ["it has no id", "jti", { jti: undefined }],
    ["its id is empty", "jti", { jti: "" }],
    ["it has no events", "events", { events: undefined }],
    ["its event is another one", "events", { events: { other: {} } }],
    ["its event is no object", "events", { events: { [event]: true } }],
    ["its events are a list", "events", { events: [event] }],
    ["it names nobody", "sid", { sid: undefined, sub: undefined }],
    ["it names nobody by name", "sid", { sid: "", sub: 5 }],
  ];
  for (const [what, claim, changes] of wrong) {
    test(what, async () => assert.rejects(verify(changes), invalid(new RegExp(`: ${claim}\\.$`))));
  }

  test("it names a subject alone, and the provider has not said that it sends such: no index leads to its sessions", async () => {
    const silent = of({ backChannelLogout: false });
    const bySubject = await signed(claims({ sid: undefined }));
    await assert.rejects(verifyLogoutToken(bySubject, silent, clientId, signal), invalid(/: sid\.$/));
    assert.equal((await verifyLogoutToken(await signed(claims()), silent, clientId, signal)).sid, "sid-1");
  });

  test("it is of another type", async () => {
    for (const typ of ["at+jwt", "dpop+jwt", "x"]) await assert.rejects(verify({}, { typ }), invalid(/: typ\.$/));
  });

  test("nobody signed it, or somebody else did", async () => {
    const others = [
      unsigned({ alg: "none" }, claims()),
      unsigned({ alg: "RS256", kid: "own" }, claims(), "AAAA"),
      await forged(claims()),
      "",
      "x.y.z",
    ];
    for (const token of others) await assert.rejects(verifyLogoutToken(token, idp, clientId, signal), invalid());
  });

  test("an ID token of this very app is sent instead of one", async () => {
    const token = await signed(idTokenClaims({ sid: "sid-1", jti: "x" }));
    await assert.rejects(verifyLogoutToken(token, idp, clientId, signal), invalid());
  });
});

test("a logout token is not called invalid when the identity provider cannot be asked", async () => {
  const token = await signed(claims());
  const down = authority({ keys: () => () => Promise.reject(new TypeError("fetch failed")) });
  await assert.rejects(verifyLogoutToken(token, down, clientId, signal), isProblem("identity_provider_unavailable"));
});
