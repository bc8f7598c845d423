import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { verifyIdToken } from "../../shared/identity/id-token.ts";
import { signingKeys } from "../../shared/identity/jwt.ts";
import { metadata } from "./support/app.ts";
import { condition } from "./support/conditions.ts";
import { clientId } from "./support/environment.ts";
import { idTokenClaims, jwks, nonce, signed } from "./support/tokens.ts";

afterEach(() => mock.restoreAll());

/** The identity provider's keys as the network brings them. Returns how often they were asked for. */
function jwksAnswers(answer: () => Promise<Response>): () => number {
  const asked = mock.method(globalThis, "fetch", answer);
  return () => asked.mock.callCount();
}

const good = () => Promise.resolve(Response.json(jwks));
const token = await signed(idTokenClaims());

const open = new AbortController().signal;

const verifier = (signal = open) => {
  const keys = signingKeys();
  return (idToken = token) =>
    verifyIdToken(idToken, { metadata, keys, azureAd: { clientId, allowedTenants: [] }, nonce, signal });
};

describe("the identity provider's keys", () => {
  test("are read once for many sign-ins", async () => {
    const asked = jwksAnswers(good);
    const verify = verifier();
    await Promise.all([verify(), verify(), verify()]);
    await verify();
    assert.equal(asked(), 1);
  });

  test("are not read again and again for tokens with invented key ids", async () => {
    const asked = jwksAnswers(good);
    const verify = verifier();
    await verify();
    for (let index = 0; index < 20; index++) {
      const forged = await signed(idTokenClaims(), { header: { kid: `invented-${index}` } });
      await assert.rejects(verify(forged), condition("signin_invalid"));
    }
    assert.equal(asked(), 1);
  });
});

describe("when the keys cannot be read, the identity provider is unavailable, and the token is not called invalid", () => {
  const failures: readonly [what: string, answer: () => Promise<Response>][] = [
    ["no connection", () => Promise.reject(new TypeError("fetch failed"))],
    ["no answer in time", () => Promise.reject(new DOMException("timed out", "TimeoutError"))],
    ["an error", () => Promise.resolve(new Response("down", { status: 503 }))],
    ["not found", () => Promise.resolve(new Response("{}", { status: 404 }))],
    [
      "a redirect",
      () => Promise.resolve(new Response(null, { status: 302, headers: { location: "https://evil.example" } })),
    ],
    ["not JSON", () => Promise.resolve(new Response("<html>"))],
    ["no keys", () => Promise.resolve(Response.json({}))],
    ["keys that are none", () => Promise.resolve(Response.json({ keys: ["x"] }))],
  ];
  for (const [what, answer] of failures) {
    test(what, async () => {
      jwksAnswers(answer);
      await assert.rejects(verifier()(), condition("identity_provider_unavailable"));
    });
  }

  test("no answer within the time of the person's request", async () => {
    jwksAnswers(() => new Promise(() => undefined));
    const ends = new AbortController();
    const verified = verifier(ends.signal)();
    ends.abort();
    await assert.rejects(verified, condition("identity_provider_unavailable"));
  });

  test("and the next sign-in asks again", async () => {
    const verify = verifier();
    jwksAnswers(() => Promise.reject(new TypeError("fetch failed")));
    await assert.rejects(verify(), condition("identity_provider_unavailable"));
    mock.restoreAll();
    jwksAnswers(good);
    assert.equal((await verify()).subject, "subject-1");
  });
});

test("an unknown key in an up-to-date key set makes the token invalid", async () => {
  jwksAnswers(good);
  const forged = await signed(idTokenClaims(), { header: { kid: "other" } });
  await assert.rejects(verifier()(forged), condition("signin_invalid", /signature/));
});

test("a key set without any key makes the token invalid", async () => {
  jwksAnswers(() => Promise.resolve(Response.json({ keys: [] })));
  await assert.rejects(verifier()(), condition("signin_invalid", /signature/));
});
