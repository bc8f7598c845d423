import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import type { Answer, Client } from "../support/http-client.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { beginSignIn, transactionCookie, untilCallback } from "../support/sign-in-steps.ts";
import { sessionCookie, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const later = Math.floor(Date.now() / 1000) + 600;
const asPerson = { accept: "text/html", "sec-fetch-mode": "navigate" };

/** Words of the platform underneath, and of those who wrote the error. */
const internals =
  /AADSTS|access_denied|oauth|token|nonce|\bstate\b|cosmos|\b(40|50)\d\b|undefined|null|Error:|\.ts\b|555-0100/i;

/** As Entra writes it. */
const byProvider = (number: string) => `AADSTS${number}: Call 555-0100. Trace ID: 1`;

describe("the page for a person who runs into trouble", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(() => {
    client = world.client();
  });
  afterEach(() => {
    world.cosmos.faults.clear();
    world.identityProvider.controls.clearFaults();
  });

  const navigate = (target: string) => client.navigate(target, { headers: asPerson });

  /** What the identity provider's answer to a sign-in that was begun here leads to. */
  async function refusedWith(error: string, description?: string): Promise<Answer> {
    const { state } = await beginSignIn(client, ada);
    const query = new URLSearchParams({ state, error, ...(description && { error_description: description }) });
    return navigate(`/auth/callback?${query.toString()}`);
  }

  /** The page says what happened and what to do in plain words, and its reference leads to the line in the log. */
  async function expectPage(
    answer: Answer,
    status: number,
    title: string,
    advice: RegExp,
    link: RegExp,
  ): Promise<void> {
    assert.equal(answer.status, status, answer.body);
    assert.match(answer.headers["content-type"] ?? "", /^text\/html/);
    assert.ok(answer.body.includes(`<h1>${title}</h1>`), answer.body);
    const [, text = ""] = /<h1>[^]*?<p>([^<]*)<\/p>/.exec(answer.body) ?? [];
    assert.match(text, advice);
    assert.match(answer.body, link);
    const [, id = ""] = /Reference for support: <code>([0-9a-f-]{36})<\/code>/.exec(answer.body) ?? [];
    assert.ok(id, answer.body);
    const shown = answer.body.replaceAll(/<(head|style)>[^]*?<\/\1>|<[^>]*>/g, "").replace(id, "");
    assert.doesNotMatch(shown, internals);
    await eventually("the log names the reference", () => world.log().includes(`"id":"${id}"`));
    assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
  }

  const again = /class="button" href="\/auth\/login\?returnUrl=%2Fhealthz"/;
  const otherAccount = /href="\/auth\/login\?prompt=select_account&amp;returnUrl=%2Fhealthz"/;

  it("cancelled: nothing has happened", async () => {
    await expectPage(await refusedWith("access_denied"), 400, "Signing in was cancelled", /at any time/, again);
    const declined = await refusedWith("access_denied", byProvider("65004"));
    await expectPage(declined, 400, "Signing in was cancelled", /at any time/, again);
  });

  it("needs an administrator's approval: ask for it", async () => {
    for (const number of ["90094", "900941", "65001", "90095"]) {
      const answer = await refusedWith("access_denied", byProvider(number));
      await expectPage(answer, 403, "An administrator has to approve this app first", /Ask your administrator/, again);
    }
  });

  it("has an account of another organization: use another one", async () => {
    const title = "Your organization has no access to this app";
    const answer = await refusedWith("access_denied", byProvider("50020"));
    await expectPage(answer, 403, title, /Use an account of such an organization/, otherAccount);
  });

  it("is not assigned to the app: ask the administrator", async () => {
    const title = "Your account is not assigned to this app";
    const answer = await refusedWith("access_denied", byProvider("50105"));
    await expectPage(answer, 403, title, /Ask your administrator/, otherAccount);
  });

  it("met a clock that is off: tell support", async () => {
    const url = await untilCallback(client, ada);
    world.identityProvider.controls.tamperWithNextIdToken({ claims: { nbf: later } });
    const title = "The clocks of this app and the identity provider differ";
    await expectPage(await navigate(url.href), 503, title, /clock .* seems to be wrong/, /class="button" href="\/"/);
  });

  it("keeps no cookies: allow them", async () => {
    const url = await untilCallback(client, ada);
    const { trail } = await navigateWithoutCookies(url.href);
    const title = "Your browser does not keep this app’s cookies";
    const last = trail.at(-1) ?? assert.fail();
    await expectPage(last, 400, title, /Allow cookies/, /class="button" href="\/auth\/login"/);
  });

  async function navigateWithoutCookies(target: string): Promise<{ trail: Answer[] }> {
    const trail = [await world.client().fetch(target, { headers: asPerson })];
    for (let location = trail[0]?.headers.location; location !== undefined; location = trail.at(-1)?.headers.location) {
      trail.push(await world.client().fetch(location, { headers: asPerson }));
    }
    return { trail };
  }

  it("comes too late, a second time or in another browser: go to the app", async () => {
    const title = "This sign-in has expired or was already used";
    const url = await untilCallback(client, ada);
    const { name } = transactionCookie(client);
    // The cookie has expired, and the browser sends none.
    client.setCookie("localhost", name, "");
    await expectPage(await navigate(url.href), 400, title, /works only once/, /class="button" href="\/"/);
    client = world.client();
    await expectPage(await navigate(url.href), 400, title, /works only once/, /class="button" href="\/"/);
    assert.deepEqual([...client.cookies("localhost").keys()], []);
  });

  it("meets a store that does not answer: wait", async () => {
    const url = await untilCallback(client, ada);
    const fault = { type: "status", status: 503 } as const;
    world.cosmos.faults.add({ match: { container: "accounts" }, times: 1_000, fault });
    const answer = await navigate(url.href);
    await expectPage(answer, 503, "The account store could not be reached", /Wait a minute/, again);
    assert.equal(answer.headers["retry-after"], "2");
  });

  it("meets an identity provider that does not answer: wait", async () => {
    const title = "The identity provider could not be reached";
    await expectPage(await refusedWith("temporarily_unavailable"), 503, title, /Wait a minute/, again);
    const url = await untilCallback(client, ada);
    world.identityProvider.controls.failNext("token", { type: "status", status: 503 }, 10);
    await expectPage(await navigate(url.href), 503, title, /Wait a minute/, again);
  });

  it("wanted to sign in, and cannot now: the same sign-in is one click away", async () => {
    const refused = await client.fetch("/auth/login?returnUrl=/reports&prompt=consent", { headers: asPerson });
    assert.match(refused.body, /href="\/auth\/login\?returnUrl=%2Freports"/);
    const unknown = await navigate("/auth/login?returnUrl=/reports&prompt=often");
    assert.doesNotMatch(unknown.body, /auth\/callback|often/);
  });

  it("comes again to a sign-in that failed: signing in leads to where that one was going", async () => {
    const { state } = await beginSignIn(client, ada, { returnUrl: "/reports?year=2026" });
    const address = `/auth/callback?state=${state}&error=access_denied`;
    for (const title of ["Signing in was cancelled", "This sign-in has expired or was already used"]) {
      const { body } = await navigate(address);
      assert.ok(body.includes(title), body);
      assert.match(body, /href="\/auth\/login\?returnUrl=%2Freports%3Fyear%3D2026"/);
    }
  });

  it("meets a store that does not answer on a page of the app: the same page again", async () => {
    await signIn(client, ada, "/healthz");
    world.cosmos.faults.add({ match: { container: "accounts" }, times: 1_000, fault: { type: "status", status: 503 } });
    const { status, body } = await navigate("/me/profile?a=1");
    assert.equal(status, 503);
    assert.match(body, /class="button" href="\/me\/profile\?a=1">Try again/);
  });

  it("goes to an address that there is not: a page says so, and a program gets a code", async () => {
    for (const path of ["/nowhere", "/auth/nothing", "/me/profile/more", "/assets/none.js"]) {
      const page = await client.fetch("/", { rawTarget: path, headers: asPerson });
      assert.equal(page.status, 404, path);
      assert.match(page.body, /<h1>There is nothing here<\/h1>[^]*href="\/">Back to the app/);
      assert.match(String(page.headers["content-security-policy"]), /frame-ancestors 'none'/);
    }
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const answer = await client.fetch("/nowhere", { method });
      assert.deepEqual([answer.status, answer.json()["code"]], [404, "not_found"], method);
    }
  });

  it("finds no session: sign in", async () => {
    await expectPage(
      await navigate("/auth/me"),
      401,
      "Sign in again",
      /This browser has no session/,
      /class="button" href="\/auth\/login\?returnUrl=%2Fauth%2Fme"/,
    );
    const wanted = await navigate("/me/profile?tab=%C3%A9&x=1//2");
    assert.match(wanted.body, /href="\/auth\/login\?returnUrl=%2Fme%2Fprofile%3Ftab%3D%25C3%25A9%26x%3D1%2F%2F2"/);
    const long = await navigate(`/me/profile?${"x".repeat(2_000)}`);
    assert.match(long.body, /class="button" href="\/auth\/login"/);
  });

  it("and its program get the same reference in their problem details", async () => {
    const { status, headers, json } = await client.fetch("/auth/me").then((answer) => ({
      status: answer.status,
      headers: answer.headers,
      json: answer.json(),
    }));
    assert.deepEqual([status, headers["content-type"]], [401, "application/problem+json"]);
    assert.match(String(json["instance"]), /^urn:uuid:[0-9a-f-]{36}$/);
    await signIn(client, ada, "/healthz");
    world.downstreamApi.controls.failNext({ type: "reset" });
    const failed = await client.fetch("/api/graph/me");
    const id = String(failed.json()["instance"]).replace("urn:uuid:", "");
    await eventually("the log names the reference", () => world.log().includes(`"id":"${id}"`));
  });
});
