import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import type { Client } from "../support/http-client.ts";
import { beginSignIn, transactionCookie, untilCallback } from "../support/sign-in-steps.ts";
import { dumpStore, type StoreDump } from "../support/store.ts";
import { ownForm, sessionCookie, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

describe("what somebody may send to the callback", () => {
  let world: World;
  let client: Client;
  let stored: StoreDump;
  before(async () => {
    world = await startWorld();
    await signIn(world.client(), ada, "/healthz");
  });
  after(() => world.stop());
  beforeEach(async () => {
    client = world.client();
    stored = await dumpStore(world);
  });
  afterEach(async () => {
    assert.deepEqual(await dumpStore(world), stored, "the store was changed");
    assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
  });

  const callback = (query: string, browser = client) => browser.fetch(`/auth/callback?${query}`);
  const expectRefusal = async (query: string, code: string) => assertProblem(await callback(query), 400, code);

  /** Rewrites the cookie that holds the sign-in under way: it is the browser's to do with as it likes. */
  const forge = (change: (transaction: Record<string, unknown>) => unknown) => {
    const { name, value } = transactionCookie(client);
    const transaction = JSON.parse(Buffer.from(value, "base64url").toString()) as Record<string, unknown>;
    client.setCookie("localhost", name, Buffer.from(JSON.stringify(change(transaction))).toString("base64url"));
  };

  describe("as state", () => {
    it("none", async () => {
      for (const query of ["", "code=x", "error=access_denied", "state=&code=x"])
        await expectRefusal(query, "invalid_request");
    });
    it("one that nobody began", () => expectRefusal(`state=${"A".repeat(43)}&code=x`, "signin_unknown"));
    it("two", async () => {
      const { state } = await beginSignIn(client, ada);
      await expectRefusal(`state=${state}&state=${state}&code=x`, "invalid_request");
    });
    it("one that is too long", () => expectRefusal(`state=${"A".repeat(2_049)}&code=x`, "invalid_request"));
    it("one with markup or control characters", async () => {
      for (const state of ["<script>", "a\r\nset-cookie: x=y", "\0", "__proto__", "€"]) {
        await expectRefusal(`state=${encodeURIComponent(state)}&code=x`, "signin_unknown");
      }
    });
    it("another browser's, with a code that is good", async () => {
      const url = await untilCallback(world.client(), "bruno@contoso.example");
      await beginSignIn(client, ada);
      await expectRefusal(url.searchParams.toString(), "signin_unknown");
    });
    it("another tab's, with this tab's code", async () => {
      const url = await untilCallback(client, ada);
      const { state } = await beginSignIn(client, ada);
      url.searchParams.set("state", state);
      await expectRefusal(url.searchParams.toString(), "signin_refused");
    });
  });

  describe("as cookie of the sign-in", () => {
    it("one that has lain for a quarter of an hour", async () => {
      const url = await untilCallback(client, ada);
      forge((transaction) => ({ ...transaction, startedAt: Date.now() - 15 * 60_000 - 1 }));
      await expectRefusal(url.searchParams.toString(), "signin_unknown");
    });

    it("one for another state", async () => {
      const url = await untilCallback(client, ada);
      forge((transaction) => ({ ...transaction, state: "B".repeat(43) }));
      await expectRefusal(url.searchParams.toString(), "signin_unknown");
    });

    it("one that is no sign-in", async () => {
      const url = await untilCallback(client, ada);
      const { name } = transactionCookie(client);
      const texts = ["", "null", "[]", "{}", "{", "5", '{"state":{}}'];
      for (const value of [...texts.map((text) => Buffer.from(text).toString("base64url")), "!!!", "A".repeat(4_000)]) {
        client.setCookie("localhost", name, value);
        await expectRefusal(url.searchParams.toString(), "signin_unknown");
      }
    });

    it("one with another code verifier: the code is bound to the first (PKCE)", async () => {
      const url = await untilCallback(client, ada);
      forge((transaction) => ({ ...transaction, codeVerifier: "C".repeat(43) }));
      await expectRefusal(url.searchParams.toString(), "signin_refused");
    });

    it("one with another nonce: the ID token is bound to the first", async () => {
      const url = await untilCallback(client, ada);
      forge((transaction) => ({ ...transaction, nonce: "D".repeat(43) }));
      await expectRefusal(url.searchParams.toString(), "signin_invalid");
    });
  });

  describe("as code", () => {
    it("none, two, or one that is too long", async () => {
      for (const code of ["", "code=", "code=x&code=y", `code=${"A".repeat(8_193)}`]) {
        const { state } = await beginSignIn(client, ada);
        const answer = await callback(`state=${state}&${code}`);
        // The server itself may refuse a request line of this length.
        if (answer.status !== 414) assertProblem(answer, 400, "invalid_request");
      }
    });
    it("one that the identity provider never issued", async () => {
      const { state } = await beginSignIn(client, ada);
      await expectRefusal(`state=${state}&code=${"A".repeat(43)}`, "signin_refused");
      await eventually("the number is logged", () => /"code":"signin_refused".*"aadsts":"\d{5,7}"/.test(world.log()));
    });
    it("one of another person's sign-in, to sign this browser in as them or them as this one", async () => {
      const theirs = await untilCallback(world.client(), "bruno@contoso.example");
      const { state } = await beginSignIn(client, ada);
      await expectRefusal(
        `state=${state}&code=${theirs.searchParams.get("authorization_code") ?? ""}`,
        "signin_refused",
      );
    });
  });

  describe("as error", () => {
    const known: Readonly<Record<string, [status: number, code: string]>> = {
      access_denied: [400, "signin_cancelled"],
      consent_required: [403, "admin_consent_required"],
      server_error: [503, "identity_provider_unavailable"],
      temporarily_unavailable: [503, "identity_provider_unavailable"],
      invalid_client: [502, "app_refused"],
      invalid_request: [502, "app_refused"],
      invalid_resource: [502, "app_refused"],
      invalid_scope: [502, "app_refused"],
      unauthorized_client: [502, "app_refused"],
      unsupported_response_type: [502, "app_refused"],
    };
    const errors = [
      ...Object.keys(known),
      "login_required",
      "interaction_required",
      "account_selection_required",
      "<script>alert(1)</script>",
      "nobody-knows-this",
    ];
    for (const error of errors) {
      it(`${error}: refused, its description not shown, and the sign-in is over`, async () => {
        const { state } = await beginSignIn(client, ada);
        const query = new URLSearchParams({ state, error, error_description: "<b>Call 555-0100</b>", code: "x" });
        const answer = await callback(query.toString());
        assertProblem(answer, ...(known[error] ?? ([400, "signin_refused"] as const)));
        assert.ok(!/555-0100|script/.test(answer.body));
        await expectRefusal(`state=${state}&code=x`, "signin_unknown");
      });
    }
    it("one of Entra's: its number is in the log, for whoever is asked for help, and its text is not", async () => {
      const { state } = await beginSignIn(client, ada);
      const description = "AADSTS53003: Access for 555-0100 has been blocked by Conditional Access policies.";
      const query = new URLSearchParams({ state, error: "access_denied", error_description: description });
      assertProblem(await callback(query.toString()), 400, "signin_cancelled");
      await eventually("the number is logged", () => /"event":"request_refused".*"aadsts":"53003"/.test(world.log()));
      assert.doesNotMatch(world.log(), /555-0100/);
    });
    it("two", async () => {
      const { state } = await beginSignIn(client, ada);
      await expectRefusal(`state=${state}&error=a&error=b`, "invalid_request");
    });
    it("one without a sign-in that was begun here", () =>
      expectRefusal("state=x&error=login_required", "signin_unknown"));
    it("'not without asking' to a sign-in that was to be silent: back to where it was begun", async () => {
      for (const error of [
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
      ]) {
        const { state } = await beginSignIn(client, ada, { prompt: "none", returnUrl: "/?silent=1" });
        const { status, headers } = await callback(`state=${state}&error=${error}`);
        assert.deepEqual([status, headers.location], [302, "/?silent=1"]);
      }
    });
    it("a page for a person, who finds a way back", async () => {
      const { state } = await beginSignIn(client, ada);
      const answer = await client.navigate(`/auth/callback?state=${state}&error=access_denied`);
      assert.equal(answer.status, 400);
      assert.match(answer.body, /<h1>Signing in was cancelled<\/h1>[^]*href="\/"/);
    });
  });

  it("the right answer a second time: leads where it led, signed in, and is refused with the cookie from before", async () => {
    const browser = world.client();
    const url = await untilCallback(browser, ada);
    const { name, value } = transactionCookie(browser);
    assert.equal((await browser.fetch(url.href)).status, 302);
    stored = await dumpStore(world);
    for (const query of [url.search, `?state=${url.searchParams.get("state")}&code=another`]) {
      const again = await browser.fetch(`/auth/callback${query}`);
      assert.deepEqual(
        [again.status, again.headers.location, again.headers["set-cookie"]],
        [302, "/healthz", undefined],
      );
    }
    browser.setCookie("localhost", name, value);
    assertProblem(await browser.fetch(url.href), 400, "signin_refused");
    assert.equal((await browser.fetch("/auth/me")).status, 200);
  });

  it("the right answer a second time, signed out meanwhile or with a session that is over: refused", async () => {
    const browser = world.client();
    const url = await untilCallback(browser, ada);
    assert.equal((await browser.fetch(url.href)).status, 302);
    const kept = new Map(browser.cookies("localhost"));
    await browser.fetch("/auth/logout", ownForm(world.publicBaseUrl));
    assertProblem(await browser.fetch(url.href), 400, "signin_unknown");
    for (const [name, value] of kept) browser.setCookie("localhost", name, value);
    assertProblem(await browser.fetch(url.href), 400, "signin_unknown");
    await signIn(world.client(), ada, "/healthz");
    stored = await dumpStore(world);
  });

  it("the right answer twice at once: one signs in, the other one goes on with that session", async () => {
    const browser = world.client();
    const url = await untilCallback(browser, ada);
    const asPerson = { accept: "text/html", "sec-fetch-mode": "navigate" };
    const answers = await Promise.all([1, 2].map(() => browser.fetch(url.href, { headers: asPerson })));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([302, 303]));
    const later = answers.find(({ status }) => status === 303)?.headers.location ?? "";
    const landed = await browser.fetch(later, { headers: asPerson });
    assert.deepEqual([landed.status, landed.headers.location], [302, "/healthz"]);
    assert.equal((await browser.fetch("/auth/me")).status, 200);
    stored = await dumpStore(world);
  });

  it("a code that is refused: a person is told, with the way to sign in to where they were going", async () => {
    const { state } = await beginSignIn(client, ada);
    const answer = await client.navigate(`/auth/callback?state=${state}&code=invented`);
    assert.equal(answer.status, 400);
    assert.match(answer.body, /refused the sign-in[^]*href="\/auth\/login\?returnUrl=%2Fhealthz"/);
    assertProblem(await client.fetch(`/auth/callback?state=${state}&refused=1`), 400, "signin_unknown");
  });
});
