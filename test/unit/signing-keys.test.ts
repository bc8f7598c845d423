import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { exportJWK, generateKeyPair, type JSONWebKeySet } from "jose";
import { verifyIdToken } from "../../shared/identity/id-token.ts";
import { signingKeys } from "../../shared/identity/signing-keys.ts";
import { metadata } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { clientId } from "./support/environment.ts";
import { idTokenClaims, jwks, nonce, publicJwk, signed } from "./support/tokens.ts";

afterEach(() => mock.restoreAll());

/** The identity provider's keys as the network brings them. Returns how often they were asked for. */
function jwksAnswers(answer: () => Promise<Response>): () => number {
  const asked = mock.method(globalThis, "fetch", answer);
  return () => asked.mock.callCount();
}

const good = () => Promise.resolve(Response.json(jwks));
const token = await signed(idTokenClaims());
const newKey = await generateKeyPair("RS256", { extractable: true });
const newJwk = { ...(await exportJWK(newKey.publicKey)), alg: "RS256", use: "sig" };

const open = new AbortController().signal;

/** Readings of the keys follow each other sooner than the app lets them. */
/** Longer than it takes to look at a token, also on a busy machine. */
const pauseMs = 300;

const verifier = (signal = open) => {
  const keys = signingKeys(pauseMs);
  return (idToken = token) =>
    verifyIdToken(idToken, {
      metadata,
      keys,
      azureAd: { clientId, allowedTenants: [] },
      nonce,
      now: Date.now(),
      signal,
    });
};

describe("the identity provider's keys", () => {
  test("are read once for many sign-ins", async () => {
    const asked = jwksAnswers(good);
    const verify = verifier();
    await Promise.all([verify(), verify(), verify()]);
    await verify();
    assert.equal(asked(), 1);
  });

  test("are read once more for all the tokens with invented key ids that come at once", async () => {
    const asked = jwksAnswers(good);
    const verify = verifier();
    const invented = Array.from({ length: 20 }, (_, index) => `invented-${index}`);
    const forged = await Promise.all(invented.map((kid) => signed(idTokenClaims(), { header: { kid } })));
    await verify();
    await Promise.all(forged.map((each) => assert.rejects(verify(each), isProblem("signin_invalid", /signature/))));
    assert.equal(asked(), 2);
  });

  test("are read once more for a token with a new key, also a moment after they were read", async () => {
    const published: JSONWebKeySet = { keys: [publicJwk] };
    const asked = jwksAnswers(() => Promise.resolve(Response.json(published)));
    const verify = verifier();
    await verify();
    published.keys.push({ ...newJwk, kid: "new" });
    const genuine = await signed(idTokenClaims(), { key: newKey.privateKey, header: { kid: "new" } });
    assert.equal((await verify(genuine)).subject, "subject-1");
    assert.equal(asked(), 2);
  });

  test("that cannot be read once more leave open whether a token with another key is valid", async () => {
    jwksAnswers(good);
    const verify = verifier();
    await verify();
    mock.restoreAll();
    jwksAnswers(() => Promise.reject(new TypeError("fetch failed")));
    const perhaps = await signed(idTokenClaims(), { header: { kid: "perhaps" } });
    await assert.rejects(verify(perhaps), isProblem("identity_provider_unavailable"));
    assert.equal((await verify()).subject, "subject-1");
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
    ["an empty set of keys", () => Promise.resolve(Response.json({ keys: [] }))],
    ["keys that are none", () => Promise.resolve(Response.json({ keys: ["x"] }))],
  ];
  for (const [what, answer] of failures) {
    test(what, async () => {
      jwksAnswers(answer);
      await assert.rejects(verifier()(), isProblem("identity_provider_unavailable"));
    });
  }

  test("no answer within the time of the person's request", async () => {
    jwksAnswers(() => new Promise(() => undefined));
    const ends = new AbortController();
    const verified = verifier(ends.signal)();
    ends.abort();
    await assert.rejects(verified, isProblem("identity_provider_unavailable"));
  });

  test("and the next sign-in asks again", async () => {
    const verify = verifier();
    jwksAnswers(() => Promise.reject(new TypeError("fetch failed")));
    await assert.rejects(verify(), isProblem("identity_provider_unavailable"));
    mock.restoreAll();
    jwksAnswers(good);
    assert.equal((await verify()).subject, "subject-1");
  });
});

test("an unknown key in an up-to-date key set makes the token invalid", async () => {
  jwksAnswers(good);
  const forged = await signed(idTokenClaims(), { header: { kid: "other" } });
  await assert.rejects(verifier()(forged), isProblem("signin_invalid", /signature/));
});
