import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import { tokenNetwork, type TokenNetwork } from "../../shared/identity/network.ts";
import { isProblem } from "./support/is-problem.ts";
import { controlledTimeouts } from "./support/timeouts.ts";

const tokenEndpoint = "https://idp.example/token";
const unavailable = isProblem("identity_provider_unavailable");
const post = (network: TokenNetwork) =>
  network.sendPostRequestAsync(tokenEndpoint, { body: "grant_type=x", headers: { a: "b" } });
const open = () => new AbortController().signal;

afterEach(() => mock.restoreAll());

function answers(answer: (init: RequestInit) => Promise<Response>): RequestInit[] {
  const asked: RequestInit[] = [];
  mock.method(globalThis, "fetch", (_url: string, init: RequestInit) => {
    asked.push(init);
    return answer(init);
  });
  return asked;
}

const issued = () => Promise.resolve(Response.json({ access_token: "t" }));

describe("a request to the token endpoint", () => {
  test("is sent as MSAL says, and follows no redirect with the app's secret in it", async () => {
    const asked = answers(issued);
    await post(tokenNetwork(open()));
    const { method, body, headers, redirect } = asked[0] ?? assert.fail();
    assert.deepEqual(
      { method, body, headers, redirect },
      {
        method: "POST",
        body: "grant_type=x",
        headers: { a: "b" },
        redirect: "error",
      },
    );
  });

  test("is counted, also when it fails; reading metadata is not", async () => {
    const network = tokenNetwork(open());
    answers(issued);
    await network.sendGetRequestAsync("https://idp.example/x");
    assert.equal(network.tokenRequests, 0);
    await post(network);
    mock.restoreAll();
    answers(() => Promise.reject(new TypeError("fetch failed")));
    await assert.rejects(post(network), unavailable);
    assert.equal(network.tokenRequests, 2);
  });

  test("is not the only one: metadata, which is no token, is brought to MSAL too", async () => {
    answers(() => Promise.resolve(Response.json({ issuer: "https://idp.example" })));
    const { body } = await tokenNetwork(open()).sendGetRequestAsync("https://idp.example/x");
    assert.deepEqual(body, { issuer: "https://idp.example" });
  });

  test("brings the endpoint's refusals to MSAL", async () => {
    const network = tokenNetwork(open());
    answers(() => Promise.resolve(Response.json({ error: "invalid_grant" }, { status: 400, headers: { x: "y" } })));
    const { status, body, headers } = await network.sendPostRequestAsync(tokenEndpoint);
    assert.equal(status, 400);
    assert.deepEqual(body, { error: "invalid_grant" });
    assert.equal(headers["x"], "y");
    assert.equal(network.failure, undefined);
  });
});

const hang = ({ signal }: RequestInit) =>
  new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));

describe("an identity provider that does not answer as it should is unavailable", () => {
  const failures: readonly [what: string, answer: () => Promise<Response>][] = [
    ["no connection", () => Promise.reject(new TypeError("fetch failed"))],
    ["an error with JSON", () => Promise.resolve(Response.json({ error: "x" }, { status: 500 }))],
    ["an error page", () => Promise.resolve(new Response("<html>", { status: 502 }))],
    ["too many requests", () => Promise.resolve(Response.json({}, { status: 429 }))],
    ["a page where tokens should be", () => Promise.resolve(new Response("<html>"))],
    ["nothing", () => Promise.resolve(new Response(""))],
    ["a refusal without JSON", () => Promise.resolve(new Response("no", { status: 400 }))],
    ["a refusal without a reason", () => Promise.resolve(Response.json({ message: "no" }, { status: 403 }))],
    ["a refusal whose reason is no text", () => Promise.resolve(Response.json({ error: {} }, { status: 400 }))],
    ["a list", () => Promise.resolve(Response.json(["t"]))],
    ["no token", () => Promise.resolve(Response.json({}))],
    ["a token that is no text", () => Promise.resolve(Response.json({ access_token: 5 }))],
    ["an error that passes", () => Promise.resolve(Response.json({ error: "server_error" }, { status: 400 }))],
    ["a busy endpoint", () => Promise.resolve(Response.json({ error: "temporarily_unavailable" }, { status: 400 }))],
  ];
  for (const [what, answer] of failures) {
    test(what, async () => {
      const network = tokenNetwork(open());
      answers(answer);
      await assert.rejects(post(network), unavailable);
      unavailable(network.failure);
    });
  }

  test("no answer within five seconds", async () => {
    const time = controlledTimeouts();
    answers(hang);
    const request = post(tokenNetwork(open()));
    time.pass(5_000);
    await assert.rejects(request, unavailable);
  });

  test("no answer within the time of the person's request", async () => {
    const ends = new AbortController();
    answers(hang);
    const request = post(tokenNetwork(ends.signal));
    ends.abort();
    await assert.rejects(request, unavailable);
  });
});
