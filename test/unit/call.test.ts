import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import type { Invocation } from "../../shared/app/app.ts";
import type { Environment } from "../../shared/configuration/settings-reader.ts";
import { callApi } from "../../shared/downstream/call.ts";
import { fieldOf, type ApiAnswer } from "../../shared/downstream/exchange.ts";
import { fetchFromApi } from "../../shared/downstream/fetch.ts";
import type { DownstreamInit } from "../../shared/downstream/request-init.ts";
import { targetUrl } from "../../shared/downstream/target.ts";
import type { SignInRequiredError } from "../../shared/core/errors.ts";
import { startRecordingApi, type RecordingApi } from "../support/recording-api.ts";
import { invocation, testApp, type TestApp } from "./support/app.ts";
import { isProblem } from "./support/is-problem.ts";
import { apiSettings } from "./support/environment.ts";
import { isSignedIn, signIn, visit, type OpenedSession } from "./support/sessions.ts";

let recording: RecordingApi;
let app: TestApp;
let cookie: OpenedSession;

before(async () => {
  recording = await startRecordingApi();
});
after(() => recording.stop());
beforeEach(async () => {
  recording.requests.splice(0);
  await withSettings();
});

async function withSettings(given: Environment = {}): Promise<void> {
  const bare = testApp(apiSettings("graph", { BaseUrl: recording.url, ...given }));
  // The token is there already: what is tested begins after that.
  app = { ...bare, renewals: { share: () => Promise.resolve({ accessToken: "token-1", stored: true }) as never } };
  cookie = await signIn(app, "ada");
}

async function prepared() {
  const session = (await visit(app, cookie)) ?? assert.fail();
  const api = app.configuration.downstreamApis.get("graph") ?? assert.fail();
  return { session, api, target: targetUrl(api, "me") };
}

async function call(headers: Record<string, string> = {}, asked: Invocation = invocation()): Promise<ApiAnswer> {
  const { session, api, target } = await prepared();
  return callApi(app, { session, api, ...asked }, target, { method: "GET", headers });
}

async function fetch(init: DownstreamInit = {}): Promise<Response> {
  const { session, api, target } = await prepared();
  return fetchFromApi(app, { session, api, ...invocation() }, target, init);
}

function answering(status: number, headers: Record<string, string> = {}, body: string | Buffer = ""): void {
  recording.answer((response) => response.writeHead(status, headers).end(body));
}

describe("a call of a downstream API", () => {
  test("carries the account's token, not what the browser sent", async () => {
    answering(200);
    await call({ accept: "application/json", authorization: "Bearer of-the-browser" });
    const [{ headers } = assert.fail()] = recording.requests;
    assert.deepEqual([headers["authorization"], headers["accept"]], ["Bearer token-1", "application/json"]);
  });

  test("brings back the API's answer, whatever its status, and follows no redirect with the token", async () => {
    for (const status of [200, 302, 304, 400, 403, 404, 429, 500, 503]) {
      answering(status, { location: "/elsewhere", "x-of-the-api": "1" });
      const answer = await call();
      assert.deepEqual([answer.status, fieldOf(answer, "x-of-the-api")], [status, "1"]);
      answer.body.destroy();
    }
    assert.ok(recording.requests.every(({ path }) => path === "/me"));
  });

  test("brings back the body as it came, compressed or not", async () => {
    const compressed = gzipSync("packed");
    answering(200, { "content-encoding": "gzip" }, compressed);
    const answer = await call();
    assert.equal(fieldOf(answer, "content-encoding"), "gzip");
    assert.deepEqual(await buffer(answer.body), compressed);
  });
});

describe("a function's own call", () => {
  test("gets what fetch would have got, decoded", async () => {
    answering(200, { "content-encoding": "gzip", "content-type": "application/json" }, gzipSync('{"ok":true}'));
    const response = await fetch();
    assert.deepEqual(await response.json(), { ok: true });
    assert.equal(response.headers.get("content-encoding"), null);
    assert.equal(recording.requests[0]?.headers["accept-encoding"], "gzip, br");
  });

  test("gets the bytes as they came where it says which encodings it takes", async () => {
    const compressed = gzipSync("packed");
    answering(200, { "content-encoding": "gzip" }, compressed);
    const response = await fetch({ headers: { "accept-encoding": "gzip" } });
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), compressed);
    assert.equal(response.headers.get("content-encoding"), "gzip");
  });

  test("sends every body that fetch takes, with its type", async () => {
    answering(200);
    const form = new FormData();
    form.set("name", "value");
    const bodies = ["text", new URLSearchParams("a=1"), new Uint8Array([1, 2]), form, new Blob(["b"], { type: "x/y" })];
    for (const body of bodies) await fetch({ method: "POST", body });
    const types = recording.requests.map(({ headers }) => headers["content-type"]?.split(";")[0]);
    assert.deepEqual(types, [
      "text/plain",
      "application/x-www-form-urlencoded",
      undefined,
      "multipart/form-data",
      "x/y",
    ]);
    assert.ok(recording.requests.every(({ headers, body }) => headers["content-length"] === String(body.length)));
  });

  test("sends neither cookie nor credentials that it has copied from the browser's request", async () => {
    answering(200);
    const headers = {
      cookie: "__Host-session=x",
      authorization: "Bearer x",
      "transfer-encoding": "chunked",
      "x-own": "1",
    };
    await fetch({ method: "PUT", headers, body: "" });
    const [received = assert.fail()] = recording.requests;
    const { cookie: sent, authorization, "x-own": own, "content-length": length } = received.headers;
    assert.deepEqual([sent, authorization, own, length], [undefined, "Bearer token-1", "1", "0"]);
  });

  test("brings back nothing that would look like the app's own problem", async () => {
    answering(403, { "bff-problem": "signin_required", "x-own": "1" });
    const { headers } = await fetch();
    assert.deepEqual([headers.get("bff-problem"), headers.get("x-own")], [null, "1"]);
  });

  test("of HEAD, and an answer that has no body, have none", async () => {
    answering(200, { "content-length": "7" });
    const response = await fetch({ method: "head" });
    assert.deepEqual([response.body, response.headers.get("content-length")], [null, "7"]);
    answering(204);
    assert.equal((await fetch()).body, null);
  });

  test("fails as an API's failure where the answer breaks off, or is not what it says", async () => {
    recording.answer((response) => {
      response.writeHead(200, { "content-length": "9" }).write("short", () => response.destroy());
    });
    await assert.rejects((await fetch()).text(), isProblem("api_unavailable"));
    answering(200, { "content-encoding": "br" }, "not packed");
    await assert.rejects((await fetch()).text(), isProblem("api_unavailable"));
  });
});

describe("an API that does not accept the token", () => {
  test("and says which claims it wants: the person signs in again, the session stays", async () => {
    const claims = '{"access_token":{"nbf":{"essential":true}}}';
    const challenge = `Bearer error="insufficient_claims", claims="${Buffer.from(claims).toString("base64")}"`;
    answering(401, { "www-authenticate": challenge });
    await assert.rejects(call(), (error: SignInRequiredError) => {
      isProblem("signin_required")(error);
      assert.deepEqual([error.claims, error.sessionEnded], [claims, false]);
      return true;
    });
    assert.ok(await isSignedIn(app, cookie));
  });

  test("may say so with 403, when it calls another one on behalf of the person; other answers of 403 are the caller's", async () => {
    const claims = '{"access_token":{"polids":{"essential":true,"values":["1"]}}}';
    answering(403, { "www-authenticate": `Bearer claims="${claims}", proposedAction="consent"` });
    await assert.rejects(
      call(),
      (error: SignInRequiredError) => isProblem("signin_required")(error) && error.claims === claims,
    );
    answering(403, { "www-authenticate": 'Bearer error="insufficient_scope"' });
    assert.equal((await call()).status, 403);
  });

  test("and says nothing: that is between the app and the API, and no reason to sign in again and again", async () => {
    for (const headers of [{}, { "www-authenticate": "Bearer" }]) {
      answering(401, headers);
      await assert.rejects(call(), isProblem("api_refused_token"));
    }
  });
});

describe("an API that does not answer", () => {
  test("cannot be reached", async () => {
    recording.answer((response) => response.destroy());
    await assert.rejects(call(), isProblem("api_unavailable"));
  });

  test("in time is not waited for", async () => {
    await withSettings({ TimeoutSeconds: "1" });
    recording.answer(() => undefined);
    await assert.rejects(call(), isProblem("api_timeout"));
  });

  test("to its end in time is not waited for either", async () => {
    await withSettings({ IdleTimeoutSeconds: "1" });
    recording.answer((response) => response.writeHead(200).write("begun"));
    await assert.rejects((await fetch()).text(), isProblem("api_timeout"));
  });

  test("has longer than the app's own work, and a challenge is met all the same", async () => {
    // The request's own time is over when the API answers.
    const late = new AbortController();
    const claims = Buffer.from('{"access_token":{}}').toString("base64");
    recording.answer((response, { headers }) => {
      late.abort();
      const isFirst = recording.requests.length === 1;
      const challenge = { "www-authenticate": `Bearer error="insufficient_claims", claims="${claims}"` };
      assert.equal(headers["authorization"], "Bearer token-1");
      response.writeHead(isFirst ? 401 : 200, isFirst ? challenge : {}).end();
    });
    assert.equal((await call({}, invocation(late.signal))).status, 200);
  });

  test("is called no longer than somebody waits", async () => {
    const gone = new AbortController();
    recording.answer((response) => {
      response.once("close", () => closed.resolve());
      gone.abort();
    });
    const closed = Promise.withResolvers<void>();
    await assert.rejects(call({}, { ...invocation(), gone: gone.signal }), isProblem("client_gone"));
    await closed.promise;
  });
});

const closing = () => {
  let answered = 0;
  recording.answer((response) => {
    // The first call opens the connection, the second one finds it closed.
    if (++answered === 2) response.destroy();
    else response.end("ok");
  });
};

const pieces = (...texts: string[]) => ReadableStream.from(texts.map((text) => Buffer.from(text)));

describe("a function's own stream", () => {
  test("goes to the API as it comes", async () => {
    answering(200, {}, "ok");
    const response = await fetch({ method: "PUT", body: pieces("first ", "second") });
    assert.equal(await response.text(), "ok");
    const [{ body, headers } = assert.fail()] = recording.requests;
    assert.deepEqual([body.toString(), headers["transfer-encoding"]], ["first second", "chunked"]);
  });

  test("that breaks off is no complete request", async () => {
    const broken = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from("begun")),
      pull: () => Promise.reject(new Error("lost")),
    });
    await assert.rejects(fetch({ method: "PUT", body: broken }), isProblem("client_gone"));
    assert.equal(recording.requests.length, 0);
  });

  test("has to be sent again when the API asks for a newer token", async () => {
    const claims = Buffer.from('{"access_token":{}}').toString("base64");
    answering(401, { "www-authenticate": `Bearer error="insufficient_claims", claims="${claims}"` });
    await assert.rejects(fetch({ method: "PUT", body: pieces("once") }), isProblem("send_again"));
    assert.equal(recording.requests.length, 1);
  });
});

describe("a connection that the API has closed meanwhile", () => {
  test("costs an idempotent call a second try", async () => {
    closing();
    assert.equal(await (await fetch()).text(), "ok");
    assert.equal(await (await fetch()).text(), "ok");
    assert.equal(recording.requests.length, 3);
  });

  test("fails what may not be sent twice", async () => {
    closing();
    assert.equal(await (await fetch()).text(), "ok");
    await assert.rejects(fetch({ method: "POST", body: "1" }), isProblem("api_unavailable"));
    assert.equal(recording.requests.length, 2);
  });
});

describe("by its settings, an API is called", () => {
  test("with fields of its own, which no caller can replace", async () => {
    await withSettings({ Headers__Ocp_Apim_Subscription_Key: "k3y" });
    answering(200);
    await call({ "ocp-apim-subscription-key": "theirs" });
    assert.equal(recording.requests[0]?.headers["ocp-apim-subscription-key"], "k3y");
  });

  test("without a token, and answers 401 itself", async () => {
    await withSettings({ Token: "Anonymous", Scopes: undefined });
    answering(401, { "www-authenticate": 'Bearer error="insufficient_claims", claims="e30="' });
    assert.equal((await call()).status, 401);
    assert.equal(recording.requests[0]?.headers["authorization"], undefined);
  });

  test("not at all once it is down, until it is tried again", async () => {
    recording.answer((response) => response.destroy());
    for (const method of ["POST", "POST", "POST", "POST", "POST"]) await assert.rejects(fetch({ method }));
    await assert.rejects(fetch(), isProblem("api_down"));
    assert.equal(recording.requests.length, 5);
  });
});
