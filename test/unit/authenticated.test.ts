import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, mock, test } from "node:test";
import type { FunctionDefinition } from "../../shared/pipeline/handler.ts";
import { formatSessionCookie } from "../../shared/session/cookie.ts";
import {
  authenticated,
  type AuthenticatedHandler,
  type AuthenticatedOptions,
} from "../../shared/pipeline/authenticated.ts";
import { IdentityProviderUnavailableError } from "../../shared/identity/errors.ts";
import { startRecordingApi, type RecordingApi } from "../support/recording-api.ts";
import { testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { configuration } from "./support/environment.ts";
import { call, type Exchange } from "./support/http.ts";
import { isSignedIn, signIn, type OpenedSession } from "./support/sessions.ts";

const minute = 60_000;
let app: TestApp;
let cookie: OpenedSession;
let recording: RecordingApi;

before(async () => {
  recording = await startRecordingApi();
});
after(() => recording.stop());
beforeEach(async () => {
  mock.timers.enable({ apis: ["Date"], now: Date.parse("2026-03-01T12:00:00Z") });
  const api = { DownstreamApis__graph__BaseUrl: `${recording.url}/v1.0`, DownstreamApis__graph__Scopes: "User.Read" };
  const bare = testApp({ Session__IdleTimeoutMinutes: "60", Session__AbsoluteTimeoutMinutes: "600", ...api });
  // The token is there already: what is tested is around that.
  app = { ...bare, renewals: { share: () => Promise.resolve({ accessToken: "token-1", stored: false }) as never } };
  cookie = await signIn(app, "ada");
  recording.requests.splice(0);
  recording.answer((response) => response.end('{"ok":true}'));
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

async function tokenFor(name: string): Promise<Exchange> {
  return ask(async (_request, session) => ({ body: await session.getToken(name) }));
}

async function ask(handler: AuthenticatedHandler, options?: AuthenticatedOptions): Promise<Exchange> {
  const definition: FunctionDefinition = {
    name: "test",
    route: "test",
    methods: ["POST"],
    handler: authenticated(handler, options),
  };
  const headers = { cookie: `__Host-session=${formatSessionCookie(cookie)}`, origin: "https://app.example" };
  return call(app, definition, { headers });
}

const answerOf = ({ response, body }: Exchange) => [response.status ?? 200, (body as { code?: string }).code];
const operations = async (act: () => Promise<unknown>) => {
  const already = app.memory.accounts.asked.length;
  await act();
  return app.memory.accounts.asked.slice(already);
};
const pass = (minutes: number) => mock.timers.setTime(Date.now() + minutes * minute);

describe("a function of one's own, for a person who is signed in", () => {
  test("is told who it is", async () => {
    const { body } = await ask(async (_request, { claims }) => ({ jsonBody: claims }));
    assert.deepEqual((body as { name?: string }).name, "ada");
  });

  test("calls an API by name and path, with the account's token, and gets its answer", async () => {
    const { body } = await ask(async (_request, session) => {
      const init = { method: "PATCH", headers: { "if-match": "1", authorization: "none" }, body: "{}" };
      const response = await session.fetch("Graph", "me/events?$top=1", init);
      return { jsonBody: await response.json() };
    });
    assert.deepEqual(body, { ok: true });
    const [{ method, path, headers, body: received } = assert.fail()] = recording.requests;
    assert.deepEqual([method, path, received.toString()], ["PATCH", "/v1.0/me/events?$top=1", "{}"]);
    assert.deepEqual([headers["authorization"], headers["if-match"]], ["Bearer token-1", "1"]);
  });

  test("gets a token for a library that calls the API itself", async () => {
    const { body } = await ask(async (_request, session) => ({ body: await session.getToken("graph") }));
    assert.equal(body, "token-1");
  });

  test("gets one that meets a claims challenge which that library got", async () => {
    const keys: string[] = [];
    const share = (key: string) => {
      keys.push(key);
      return Promise.resolve({ accessToken: "token-2", stored: true }) as never;
    };
    app = { ...app, renewals: { share } };
    const claims = '{"access_token":{"acrs":{"value":"c1"}}}';
    const { body } = await ask(async (_request, session) => ({ body: await session.getToken("graph", { claims }) }));
    assert.equal(body, "token-2");
    assert.ok(keys[0]?.endsWith(claims), keys[0]);
  });

  test("is reached by a link of another site, and straight from signing in, unless it says no", async () => {
    const linked = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    const visits = [{}, { navigable: false }].map(async (options) => {
      const handler = authenticated(nothing, options);
      const definition: FunctionDefinition = { name: "test", route: "test", methods: ["GET"], handler };
      const headers = { cookie: `__Host-session=${formatSessionCookie(cookie)}`, ...linked };
      return (await call(app, definition, { method: "GET", headers })).response.status;
    });
    assert.deepEqual(await Promise.all(visits), [204, 403]);
  });

  test("cannot lead a token to another address, whatever ends up in its path", async () => {
    for (const path of ["../beta/me", "users/%2e%2e", "//evil.example"]) {
      const exchange = await ask(async (_request, session) => {
        await session.fetch("graph", path);
        return {};
      });
      assert.deepEqual(answerOf(exchange), [400, "api_path_invalid"], path);
    }
    assert.deepEqual(recording.requests, []);
  });

  test("is told when there is no API of that name", async () => {
    for (const name of ["orders", "__proto__"]) {
      const exchange = await ask(async (_request, session) => ({ body: await session.getToken(name) }));
      assert.deepEqual(answerOf(exchange), [404, "api_unknown"]);
    }
  });

  test("knows an API in capitals, and not by letters that only become those of its name", async () => {
    const desk = { DownstreamApis__desk__BaseUrl: "https://desk.example", DownstreamApis__desk__Scopes: "x" };
    app = { ...app, configuration: configuration(desk) };
    assert.equal((await tokenFor("DESK")).body, "token-1");
    for (const name of ["des\u212a", " desk", "desk\u00a0", "ｄesk"]) {
      assert.deepEqual(answerOf(await tokenFor(name)), [404, "api_unknown"], name);
    }
  });

  test("hands out the API's claims challenge without knowing of it", async () => {
    const claims = '{"access_token":{}}';
    const challenge = `Bearer error="insufficient_claims", claims="${Buffer.from(claims).toString("base64")}"`;
    recording.answer((response) => response.writeHead(401, { "www-authenticate": challenge }).end());
    const exchange = await ask(async (_request, session) => {
      const response = await session.fetch("graph", "me");
      return { status: response.status };
    });
    assert.deepEqual(answerOf(exchange), [401, "signin_required"]);
    assert.equal((exchange.body as { claims?: string }).claims, claims);
    assert.equal(exchange.cookies.size, 0);
  });

  test("may hand on the API's answer as a stream", async () => {
    const { response } = await ask(async (_request, session) => {
      const { status, headers, body } = await session.fetch("graph", "me");
      return {
        status,
        headers: { "content-type": headers.get("content-type") ?? "text/plain" },
        ...(body && { body }),
      };
    });
    assert.equal(Buffer.from(response.body as Uint8Array).toString(), '{"ok":true}');
  });

  test("need not care for an answer of the API that breaks off", async () => {
    recording.answer((response) => response.writeHead(200).write("{", () => response.destroy()));
    const exchange = await ask(async (_request, session) => {
      const response = await session.fetch("graph", "me");
      return { body: await response.text() };
    });
    assert.deepEqual(answerOf(exchange), [502, "api_unavailable"]);
  });

  test("keeps its own errors", async () => {
    const exchange = await ask(async () => {
      throw new TypeError("mine");
    });
    assert.deepEqual(answerOf(exchange), [500, "internal_error"]);
  });
});

const nothing: AuthenticatedHandler = async () => ({ status: 204 });
const twoCalls: AuthenticatedHandler = async (_request, session) => {
  await Promise.all([session.fetch("graph", "me"), session.fetch("graph", "me/manager"), session.getToken("graph")]);
  return { status: 204 };
};

const withoutApi: AuthenticatedHandler = async (_request, session) => {
  await assert.rejects(session.fetch("graph", "me"), isProblem("identity_provider_unavailable"));
  return { status: 204 };
};

describe("the session's idle time", () => {
  test("costs an ordinary request nothing: one read, no write", async () => {
    for (const handler of [nothing, twoCalls]) assert.deepEqual(await operations(() => ask(handler)), ["read"]);
  });

  test("is extended with one write once a quarter has passed, whether APIs are called or not", async () => {
    for (const handler of [nothing, twoCalls]) {
      pass(16);
      assert.deepEqual(await operations(() => ask(handler)), ["read", "replace"]);
      assert.deepEqual(await operations(() => ask(handler)), ["read"]);
    }
    pass(59);
    assert.ok(await isSignedIn(app, cookie));
  });

  test("is not extended again where a renewed token was stored, which extends it as well", async () => {
    app = { ...app, renewals: { share: () => Promise.resolve({ accessToken: "token-2", stored: true }) as never } };
    pass(16);
    assert.deepEqual(await operations(() => ask(twoCalls)), ["read"]);
  });

  test("is extended by a request that goes on without the API whose token it did not get", async () => {
    app = { ...app, renewals: { share: () => Promise.reject(new IdentityProviderUnavailableError()) } };
    pass(16);
    assert.deepEqual(await operations(() => ask(withoutApi)), ["read", "replace"]);
  });

  test("is not extended by what a page asks by itself", async () => {
    pass(16);
    assert.deepEqual(await operations(() => ask(nothing, { extendsSession: false })), ["read"]);
  });

  test("is not extended by a request that fails", async () => {
    pass(16);
    assert.deepEqual(await operations(() => ask(() => Promise.reject(new Error("x")))), ["read"]);
  });
});
