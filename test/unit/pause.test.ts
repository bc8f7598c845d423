import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { ProblemError } from "../../shared/core/errors.ts";
import { problemResponse } from "../../shared/http/problem.ts";
import { verifyIdToken } from "../../shared/identity/id-token.ts";
import { signingKeys } from "../../shared/identity/signing-keys.ts";
import { metadataSource } from "../../shared/identity/metadata.ts";
import { createPauses, tokenNetwork } from "../../shared/identity/network.ts";
import { retryAfterMs } from "../../shared/http/retry-after.ts";
import { metadata } from "./support/app.ts";
import { clientId } from "./support/environment.ts";
import { idTokenClaims, nonce, signed } from "./support/tokens.ts";
import { site } from "./support/site.ts";

afterEach(() => mock.restoreAll());

const { signal } = new AbortController();
const minute = "Thu, 01 Jan 2026 00:01:00 GMT";
const midnight = "Thu, 01 Jan 2026 00:00:00 GMT";

/** Time that passes when the test says so. */
function time(): { pass(seconds: number): void } {
  let now = 1_000;
  mock.method(performance, "now", () => now);
  return { pass: (seconds) => void (now += seconds * 1_000) };
}

/** Answers every request alike. Returns how often it was asked. */
function answers(status: number, headers: Readonly<Record<string, string>> = {}, body: unknown = {}): () => number {
  const asked = mock.method(globalThis, "fetch", () => Promise.resolve(Response.json(body, { status, headers })));
  return () => asked.mock.callCount();
}

async function secondsToldBy(refused: Promise<unknown>): Promise<number | undefined> {
  const error: unknown = await refused.then(
    () => assert.fail("not refused"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ProblemError);
  assert.equal(error.code, "identity_provider_unavailable");
  return error.retryAfterSeconds;
}

describe("Retry-After", () => {
  const asked: readonly [headers: Readonly<Record<string, string>>, ms: number][] = [
    [{ "retry-after": "30" }, 30_000],
    [{ "retry-after": minute, date: midnight }, 60_000],
    [{ "retry-after": midnight, date: minute }, 0],
    [{ "retry-after": "999999999" }, 3_600_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "-5" }, 0],
    [{ "retry-after": "soon" }, 0],
    [{ "retry-after": "" }, 0],
    [{}, 0],
  ];
  for (const [headers, ms] of asked) {
    test(`${JSON.stringify(headers)} asks for ${ms} ms`, () => {
      assert.equal(retryAfterMs(new Response(null, { headers })), ms);
    });
  }

  test("as a date, without one of the answer, is measured by this machine's clock", () => {
    const headers = { "retry-after": new Date(Date.now() + 30_000).toUTCString() };
    const ms = retryAfterMs(new Response(null, { headers }));
    assert.ok(ms > 25_000 && ms <= 30_000, String(ms));
  });

  test("reaches the caller in the answer, as a page and as problem details; else it is two seconds", () => {
    for (const wantsPage of [true, false]) {
      const headersOf = (error: Error) =>
        problemResponse(error, { wantsPage, id: "1", site }).headers as Readonly<Record<string, string>>;
      const told = new ProblemError("identity_provider_unavailable", "x", { retryAfterSeconds: 17 });
      assert.equal(headersOf(told)["retry-after"], "17");
      assert.equal(headersOf(new ProblemError("store_unavailable", "x"))["retry-after"], "2");
    }
  });
});

const ask = async (account: string, shared: ReturnType<typeof createPauses>) =>
  tokenNetwork(signal, { pauses: shared, account }).sendPostRequestAsync("https://idp.example/token");

describe("while the token endpoint has asked for a pause", () => {
  test("for one account, that account is told the time that is left and nobody asks; another account asks", async () => {
    const clock = time();
    const shared = createPauses();
    const asked = answers(429, { "retry-after": "30" });
    assert.equal(await secondsToldBy(ask("ada", shared)), 30);
    clock.pass(12.5);
    for (let call = 0; call < 4; call++) assert.equal(await secondsToldBy(ask("ada", shared)), 18);
    assert.equal(asked(), 1);
    await secondsToldBy(ask("bruno", shared));
    assert.equal(asked(), 2);
  });

  test("is asked again when the time is up", async () => {
    const clock = time();
    const shared = createPauses();
    answers(429, { "retry-after": "30" });
    await secondsToldBy(ask("ada", shared));
    mock.restoreAll();
    const later = time();
    later.pass(31);
    clock.pass(31);
    const asked = answers(200, {}, { access_token: "t" });
    await ask("ada", shared);
    assert.equal(asked(), 1);
  });

  for (const [status, body] of [
    [503, {}],
    [500, {}],
    [400, { error: "temporarily_unavailable" }],
  ] as const) {
    test(`with ${status}, which is not about an account, nobody asks`, async () => {
      time();
      const shared = createPauses();
      const asked = answers(status, { "retry-after": "30" }, body);
      for (const account of ["ada", "bruno", ""]) assert.equal(await secondsToldBy(ask(account, shared)), 30);
      assert.equal(asked(), 1);
    });
  }

  test("for three accounts at once, it is the app that asks too much, and nobody asks", async () => {
    const clock = time();
    const shared = createPauses();
    const asked = answers(429, { "retry-after": "30" });
    for (const account of ["ada", "bruno", "zoe"]) await secondsToldBy(ask(account, shared));
    await secondsToldBy(ask("mika", shared));
    assert.equal(asked(), 3);
    clock.pass(31);
    await secondsToldBy(ask("mika", shared));
    assert.equal(asked(), 4);
  });

  test("without saying for how long, everybody may ask again", async () => {
    const shared = createPauses();
    const asked = answers(429);
    for (let call = 0; call < 3; call++) assert.equal(await secondsToldBy(ask("ada", shared)), undefined);
    assert.equal(asked(), 3);
  });

  test("because of a request loop (AADSTS50196), the account waits a minute, and nobody is signed out", async () => {
    time();
    const shared = createPauses();
    const asked = answers(400, {}, { error: "invalid_grant", error_codes: [50_196] });
    for (let call = 0; call < 3; call++) assert.equal(await secondsToldBy(ask("ada", shared)), 60);
    assert.equal(asked(), 1);
  });

  test("because somebody who signs in goes round in circles, that person is told to wait, and others sign in", async () => {
    time();
    const shared = createPauses();
    const asked = answers(400, {}, { error: "invalid_grant", error_codes: [50_196] });
    for (let call = 0; call < 2; call++) assert.equal(await secondsToldBy(ask("", shared)), 60);
    assert.equal(asked(), 2);
  });

  test("many accounts take up bounded memory: the oldest pause is forgotten", () => {
    const shared = createPauses();
    for (let count = 0; count <= 1_000; count++) shared.forOne(`account ${count}`, 1);
    shared.forOne("last", 60_000);
    assert.ok(shared.leftMs("last") > 0);
  });
});

describe("the identity provider's documents", () => {
  test("metadata is not asked for before the time is up", async () => {
    time();
    const source = metadataSource("https://idp.example/tenant");
    const asked = answers(503, { "retry-after": "30" });
    for (let call = 0; call < 3; call++) assert.equal(await secondsToldBy(source.get(signal)), 30);
    assert.equal(asked(), 1);
  });

  test("keys are not asked for before the time is up", async () => {
    time();
    const keys = signingKeys(100);
    const asked = answers(429, { "retry-after": "30" });
    const token = await signed(idTokenClaims());
    const azureAd = { clientId, allowedTenants: [] };
    for (let call = 0; call < 3; call++) {
      assert.equal(
        await secondsToldBy(verifyIdToken(token, { metadata, keys, azureAd, nonce, now: Date.now(), signal })),
        30,
      );
    }
    assert.equal(asked(), 1);
  });
});
