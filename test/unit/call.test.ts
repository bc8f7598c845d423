import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { callDownstream } from "../../shared/downstream/call.ts";
import type { SignInRequiredError } from "../../shared/core/errors.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { condition } from "./support/conditions.ts";
import { isSignedIn, signIn, visit, type OpenedSession } from "./support/sessions.ts";

const target = new URL("https://graph.microsoft.com/v1.0/me");
let app: TestApp;
let cookie: OpenedSession;
let sent: RequestInit | undefined;

beforeEach(async () => {
  const bare = testApp();
  // The token is there already: what is tested begins after that.
  app = { ...bare, renewals: { share: () => Promise.resolve({ accessToken: "token-1", stored: true }) as never } };
  cookie = await signIn(app, "ada");
});
afterEach(() => mock.restoreAll());

async function call(answer: (init: RequestInit) => Promise<Response>, asked = invocation()): Promise<Response> {
  mock.method(globalThis, "fetch", (url: URL, init: RequestInit) => {
    assert.equal(url, target);
    sent = init;
    return answer(init);
  });
  const session = (await visit(app, cookie)) ?? assert.fail();
  const api = app.configuration.downstreamApis.get("graph") ?? assert.fail();
  const headers = new Headers({ accept: "application/json", authorization: "Bearer of-the-browser" });
  return callDownstream(app, session, api, target, { method: "GET", headers }, asked);
}

const json =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    Promise.resolve(Response.json({}, { status, headers }));

describe("a call of a downstream API", () => {
  test("carries the account's token, not what the browser sent, and follows no redirect with it", async () => {
    await call(json(200));
    const headers = new Headers(sent?.headers);
    assert.equal(headers.get("authorization"), "Bearer token-1");
    assert.equal(headers.get("accept"), "application/json");
    assert.equal(sent?.redirect, "manual");
  });

  test("brings back the API's answer, whatever its status", async () => {
    for (const status of [200, 302, 304, 400, 403, 404, 429, 500, 503]) {
      const answer = () => Promise.resolve(new Response(null, { status }));
      assert.equal((await call(answer)).status, status);
    }
  });
});

describe("an API that does not accept the token", () => {
  test("and says which claims it wants: the person signs in again, the session stays", async () => {
    const claims = '{"access_token":{"nbf":{"essential":true}}}';
    const challenge = `Bearer error="insufficient_claims", claims="${Buffer.from(claims).toString("base64")}"`;
    await assert.rejects(call(json(401, { "www-authenticate": challenge })), (error: SignInRequiredError) => {
      condition("signin_required")(error);
      assert.deepEqual([error.claims, error.sessionEnded], [claims, false]);
      return true;
    });
    assert.ok(await isSignedIn(app, cookie));
  });

  test("and says nothing: that is between the app and the API, and no reason to sign in again and again", async () => {
    await assert.rejects(call(json(401)), condition("api_refused_token"));
    await assert.rejects(call(json(401, { "www-authenticate": "Bearer" })), condition("api_refused_token"));
  });
});

describe("an API that does not answer", () => {
  test("cannot be reached", async () => {
    await assert.rejects(
      call(() => Promise.reject(new TypeError("fetch failed"))),
      condition("api_unavailable"),
    );
  });

  test("in time is not waited for", async () => {
    const ends = new AbortController();
    const hang = ({ signal }: RequestInit) =>
      new Promise<Response>((_, reject) => {
        signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
        ends.abort();
      });
    await assert.rejects(call(hang, invocation(ends.signal)), condition("api_timeout"));
  });
});
