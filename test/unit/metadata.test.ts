import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { metadataSource } from "../../shared/identity/metadata.ts";
import { isProblem } from "./support/is-problem.ts";
import { controlledTimeouts } from "./support/timeouts.ts";

const authority = "https://idp.example/tenant";
const document = {
  issuer: "https://idp.example/tenant/v2.0",
  authorization_endpoint: "https://idp.example/tenant/authorize",
  token_endpoint: "https://idp.example/tenant/token",
  jwks_uri: "https://idp.example/tenant/keys",
  end_session_endpoint: "https://idp.example/tenant/logout",
};
const day = 24 * 60 * 60_000;
const unavailable = isProblem("identity_provider_unavailable");

const { signal } = new AbortController();

type Answer = () => Promise<Response>;
let asked: { url: string; redirect: string | undefined }[];
let answer: Answer;

const json = (body: unknown, status = 200) => Promise.resolve(Response.json(body, { status }));

beforeEach(() => {
  asked = [];
  answer = () => json(document);
  mock.method(globalThis, "fetch", (url: string, init: RequestInit) => {
    asked.push({ url, redirect: init.redirect });
    return answer();
  });
});
afterEach(() => {
  mock.restoreAll();
  mock.timers.reset();
});

describe("the identity provider's metadata", () => {
  test("is read from the authority's discovery document, and from nowhere that it redirects to", async () => {
    await metadataSource(authority).get(signal);
    assert.deepEqual(asked, [{ url: `${authority}/v2.0/.well-known/openid-configuration`, redirect: "error" }]);
  });

  test("is what the document says, with the document itself", async () => {
    const { text, ...rest } = await metadataSource(authority).get(signal);
    assert.deepEqual(rest, {
      issuer: document.issuer,
      authorizationEndpoint: document.authorization_endpoint,
      tokenEndpoint: document.token_endpoint,
      jwksUri: document.jwks_uri,
      endSessionEndpoint: document.end_session_endpoint,
      backChannelLogout: false,
      formPost: false,
    });
    assert.deepEqual(JSON.parse(text), document);
  });

  test("is read once for requests that come together, and for a day", async () => {
    mock.timers.enable({ apis: ["Date"], now: 0 });
    const source = metadataSource(authority);
    await Promise.all([source.get(signal), source.get(signal), source.get(signal)]);
    mock.timers.setTime(day - 1);
    await source.get(signal);
    assert.equal(asked.length, 1);
    mock.timers.setTime(day);
    await source.get(signal);
    assert.equal(asked.length, 2);
  });

  test("is known without asking once it was read", async () => {
    const source = metadataSource(authority);
    const issuer = () => source.known?.issuer;
    assert.equal(issuer(), undefined);
    await source.get(signal);
    assert.equal(issuer(), document.issuer);
  });

  test("need not have an end-session endpoint", async () => {
    answer = () => json({ ...document, end_session_endpoint: undefined });
    assert.equal((await metadataSource(authority).get(signal)).endSessionEndpoint, undefined);
  });

  test("may send the browser, but not the app, over http", async () => {
    answer = () =>
      json({
        ...document,
        authorization_endpoint: "http://127.0.0.1:1/a",
        end_session_endpoint: "http://127.0.0.1:1/l",
      });
    assert.equal((await metadataSource(authority).get(signal)).authorizationEndpoint, "http://127.0.0.1:1/a");
  });
});

describe("metadata that cannot be used is as good as none", () => {
  const without = (member: string, value?: unknown) => () => json({ ...document, [member]: value });
  const unusable: readonly [what: string, answer: Answer][] = [
    ["no connection", () => Promise.reject(new TypeError("fetch failed"))],
    ["no answer in time", () => Promise.reject(new DOMException("timed out", "TimeoutError"))],
    ["an error", () => json(document, 500)],
    ["not found", () => json({ error: "x" }, 404)],
    ["a page", () => Promise.resolve(new Response("<html></html>"))],
    ["nothing", () => Promise.resolve(new Response(""))],
    ["a list", () => json([document])],
    ["null", () => json(null)],
    ["no issuer", without("issuer")],
    ["an issuer that is no URL", without("issuer", "idp")],
    ["an issuer without TLS", without("issuer", "http://idp.example")],
    ["no authorization endpoint", without("authorization_endpoint")],
    ["an authorization endpoint that is a script", without("authorization_endpoint", "javascript:alert(1)")],
    ["no token endpoint", without("token_endpoint")],
    [
      "a token endpoint without TLS, which would get the app's secret",
      without("token_endpoint", "http://idp.example/t"),
    ],
    ["no keys", without("jwks_uri")],
    ["keys without TLS, which anyone could exchange", without("jwks_uri", "http://idp.example/k")],
    ["keys in a list", without("jwks_uri", [document.jwks_uri])],
    ["an end-session endpoint that is a script", without("end_session_endpoint", "javascript:alert(1)")],
    ["an end-session endpoint of null", without("end_session_endpoint", null)],
  ];
  for (const [what, bad] of unusable) {
    test(what, async () => {
      answer = bad;
      await assert.rejects(metadataSource(authority).get(signal), unavailable);
    });
  }

  test("and is asked for again by the next request", async () => {
    const source = metadataSource(authority);
    answer = () => json({}, 503);
    await assert.rejects(Promise.all([source.get(signal), source.get(signal)]), unavailable);
    answer = () => json(document);
    assert.equal((await source.get(signal)).issuer, document.issuer);
    assert.equal(asked.length, 2);
  });
});

test("metadata older than a day is used at once, and the next request has what was read meanwhile", async () => {
  const source = await dayOld();
  answer = () => json({ ...document, token_endpoint: "https://idp.example/tenant/new-token" });
  assert.equal((await source.get(signal)).tokenEndpoint, document.token_endpoint);
  const isNew = async () => (await source.get(signal)).tokenEndpoint === "https://idp.example/tenant/new-token";
  await eventually("it is read", isNew);
  assert.equal(asked.length, 2);
});

/** A source that has read the metadata two days ago. */
async function dayOld(): Promise<ReturnType<typeof metadataSource>> {
  mock.timers.enable({ apis: ["Date"], now: 0 });
  const source = metadataSource(authority);
  await source.get(signal);
  mock.timers.setTime(2 * day);
  return source;
}

describe("while the identity provider is down", () => {
  test("yesterday's metadata is used", async () => {
    const source = await dayOld();
    for (const bad of [() => json({}, 500), () => json({ issuer: 5 }), () => Promise.reject(new Error("down"))]) {
      answer = bad;
      assert.equal((await source.get(signal)).issuer, document.issuer);
    }
  });

  test("nobody waits for it: yesterday's metadata is used at once", async () => {
    const source = await dayOld();
    answer = () => new Promise(() => undefined);
    const late = new Promise((resolve) => setTimeout(() => resolve("still waiting"), 50));
    assert.notEqual(await Promise.race([source.get(signal), late]), "still waiting");
  });
});

test("a discovery that never answers is given up after a few seconds", async () => {
  mock.restoreAll();
  const time = controlledTimeouts();
  mock.method(globalThis, "fetch", (_url: string, init: RequestInit) => {
    return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(new Error("aborted"))));
  });
  const reading = metadataSource(authority).get(signal);
  time.pass(4_000);
  await assert.rejects(reading, unavailable);
});

test("a request whose time is up does not wait for the discovery that others go on waiting for", async () => {
  const answered = Promise.withResolvers<Response>();
  answer = () => answered.promise;
  const source = metadataSource(authority);
  const ends = new AbortController();
  const [impatient, patient] = [source.get(ends.signal), source.get(signal)];
  ends.abort();
  await assert.rejects(impatient, unavailable);
  answered.resolve(Response.json(document));
  assert.equal((await patient).issuer, document.issuer);
  assert.equal(asked.length, 1);
});
