import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Answer, Client } from "../support/http-client.ts";
import { beginSignIn, postAnswer, transactionCookie, untilCallback } from "../support/sign-in-steps.ts";
import { dumpStore } from "../support/store.ts";
import { httpStreaming, sessionCookie, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const urlencoded = "application/x-www-form-urlencoded";
const crossSite = {
  accept: "text/html",
  "sec-fetch-site": "cross-site",
  "sec-fetch-mode": "navigate",
  "sec-fetch-dest": "document",
};

describe("the identity provider's answer to a sign-in, as a form", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(() => {
    client = world.client();
  });

  const post = (body: string | Buffer, type = urlencoded, browser = client): Promise<Answer> =>
    browser.fetch("/auth/callback", { method: "POST", headers: { "content-type": type }, body });

  /** Neither changes a cookie nor the store. */
  async function decidesNothing(send: () => Promise<Answer>): Promise<Answer> {
    const stored = await dumpStore(world);
    const answer = await send();
    assert.equal(answer.headers["set-cookie"], undefined);
    assert.deepEqual(await dumpStore(world), stored);
    return answer;
  }

  it("is what a sign-in asks for, and where it leads no parameter is named code", async () => {
    const { location } = await beginSignIn(client, ada);
    assert.equal(new URL(location).searchParams.get("response_mode"), "form_post");
    const posted = await decidesNothing(() => postAnswer(client, location));
    assert.deepEqual([posted.status, posted.body], [303, ""]);
    const { pathname, searchParams } = new URL(posted.headers.location ?? "", posted.url);
    assert.deepEqual(
      [pathname, [...searchParams.keys()]],
      ["/auth/callback", ["state", "authorization_code", "session_state"]],
    );
  });

  it("signs in by the navigation that follows, which says that it came from another site", async () => {
    const url = await untilCallback(client, ada);
    const answer = await client.fetch(url.href, { headers: crossSite });
    assert.deepEqual([answer.status, answer.headers.location], [302, "/healthz"]);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("is accepted in the query as well", async () => {
    const url = await untilCallback(client, ada);
    const query = new URLSearchParams(url.searchParams);
    query.set("code", query.get("authorization_code") ?? "");
    query.delete("authorization_code");
    assert.equal((await client.fetch(`/auth/callback?${query.toString()}`)).status, 302);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("by an attacker, with a good code of his own: the browser is not signed in as him (login CSRF)", async () => {
    const theirs = (await untilCallback(world.client(), "bruno@contoso.example")).searchParams;
    const form = { state: theirs.get("state") ?? "", code: theirs.get("authorization_code") ?? "" };
    for (const underWay of [false, true]) {
      if (underWay) await beginSignIn(client, ada);
      const posted = await decidesNothing(() => post(new URLSearchParams(form).toString()));
      assertProblem(await client.fetch(posted.headers.location ?? ""), 400, "signin_unknown");
      assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
    }
    const { state } = await beginSignIn(client, ada);
    const mixed = await post(new URLSearchParams({ ...form, state }).toString());
    assertProblem(await client.fetch(mixed.headers.location ?? ""), 400, "signin_refused");
  });

  it("posted again: the code is not redeemed a second time", async () => {
    const { location } = await beginSignIn(client, ada);
    const first = await postAnswer(client, location);
    const again = first.headers.location ?? "";
    const { name, value } = transactionCookie(client);
    assert.equal((await client.fetch(again)).status, 302);
    const stored = await dumpStore(world);
    client.setCookie("localhost", name, value);
    assertProblem(await client.fetch(again), 400, "signin_refused");
    assert.deepEqual(await dumpStore(world), stored);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("refused by the identity provider: the page says why, by the number, and the text does not travel on", async () => {
    const { state } = await beginSignIn(client, ada);
    const error_description = `AADSTS50105: ${ada} is not assigned. ${"x".repeat(4_000)}`;
    const posted = await post(new URLSearchParams({ state, error: "access_denied", error_description }).toString());
    assert.doesNotMatch(posted.headers.location ?? "", /contoso|xxx/);
    assertProblem(await client.fetch(posted.headers.location ?? ""), 403, "account_not_assigned");
  });

  it("refused to a silent sign-in: back to where it began", async () => {
    const landed = await client.navigate("/auth/login?prompt=none&returnUrl=/healthz?silent");
    assert.equal(landed.url, `${world.publicBaseUrl}/healthz?silent`);
    assert.ok(landed.trail.some(({ url, status }) => url.endsWith("/auth/callback") && status === 303));
  });

  it("of another type, without state or code, with one twice, or too long: refused there and then", async () => {
    const form = "state=s&code=x";
    for (const type of ["", "text/plain", "multipart/form-data; boundary=x", "application/json", `${urlencoded}-x`]) {
      assertProblem(await decidesNothing(() => post(form, type)), 400, "invalid_request");
    }
    const twice = [`${form}&state=s`, `${form}&code=x`, `${form}&%63ode=x`, "state=s&error=a&error=b"];
    const wrong = [
      "",
      "state=s",
      "code=x",
      "[]",
      "{}",
      `state=${"s".repeat(3_000)}&code=x`,
      `state=s&code=${"c".repeat(7_000)}`,
    ];
    for (const body of [...twice, ...wrong]) {
      assertProblem(await decidesNothing(() => post(body)), 400, "invalid_request");
    }
    assertProblem(await post(`${form}&x=${"x".repeat(40_000)}`), 413, "body_too_large");
    assertProblem(await post(Buffer.alloc(5_000_000, "x")), 413, "body_too_large");
    assert.equal((await post(form, `${urlencoded.toUpperCase()}; charset=UTF-8`)).status, 303);
  });

  it("in chunks, which the host drops: said so, and with HTTP streams it is a form like any other", async () => {
    assert.equal(await sendInChunks(world.publicBaseUrl, "state=s&code=x"), httpStreaming ? 303 : 411);
  });

  it("with line breaks, an address elsewhere or bytes that are no text: stays a parameter of the callback", async () => {
    const values = [
      "x\r\nset-cookie: a=b",
      "//evil.example",
      "https://evil.example/",
      "#@evil.example",
      "é€\0",
      "&code=y",
    ];
    for (const value of values) {
      const posted = await decidesNothing(() => post(new URLSearchParams({ state: value, code: value }).toString()));
      assert.equal(posted.status, 303);
      const { origin, pathname, searchParams } = new URL(posted.headers.location ?? "", world.publicBaseUrl);
      assert.deepEqual([origin, pathname], [world.publicBaseUrl, "/auth/callback"]);
      assert.deepEqual(
        [...searchParams],
        [
          ["state", value],
          ["authorization_code", value],
        ],
      );
    }
    assert.equal((await post(Buffer.from([0x73, 0x74, 0xff, 0xfe, 0x3d]))).status, 400);
  });

  it("in a browser that keeps no cookies: the page that says so", async () => {
    const { location } = await beginSignIn(client, ada);
    const posted = await postAnswer(client, location);
    const stranger = world.client();
    const check = await stranger.fetch(posted.headers.location ?? "", { headers: crossSite });
    assert.deepEqual([check.status, check.headers.location], [302, "/auth/cookie-check"]);
    const page = await world.client().fetch("/auth/cookie-check", { headers: crossSite });
    assert.match(page.body, /does not keep this app’s cookies/);
  });

  it("for somebody signed in: nothing of the session changes before the navigation", async () => {
    await signIn(client, ada, "/healthz");
    const kept = client.cookies("localhost").get(sessionCookie);
    const { location } = await beginSignIn(client, "bruno@contoso.example");
    await decidesNothing(() => postAnswer(client, location));
    assert.equal(client.cookies("localhost").get(sessionCookie), kept);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });
});

/** @returns the status */
async function sendInChunks(origin: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": urlencoded, "transfer-encoding": "chunked" };
    const outgoing = request(`${origin}/auth/callback`, { method: "POST", headers }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
