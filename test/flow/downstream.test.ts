import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Answer, Ask, Client } from "../support/http-client.ts";
import { response, startRawServer, type RawServer } from "@entra-functions-bff/stand-in-kit/raw-server";
import { apiSettings, freePorts, httpStreaming, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

/** As a server that does not encode it sends it. */
const utf8 = (text: string) => Buffer.from(text, "utf8").toString("latin1");

interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bodyBase64: string;
}

describe("calling an API through the app", () => {
  let world: World;
  let client: Client;
  let raw: RawServer;
  before(async () => {
    raw = await startRawServer({
      "/html": response(
        "200 OK",
        ["content-type: text/html", "set-cookie: theirs=1", "x-frame-options: ALLOWALL"],
        "<b>",
      ),
      "/gzip": response("200 OK", ["content-type: text/plain", "content-encoding: gzip"], gzipSync("packed")),
      "/part": response(
        "206 Partial Content",
        [
          "content-range: bytes 0-9/30",
          "accept-ranges: bytes",
          `content-disposition: attachment; filename="${utf8("Über")}.txt"`,
          `x-title: ${utf8("Über")}`,
        ],
        "0123456789",
      ),
      "/own-problem": response(
        "403 Forbidden",
        ["content-type: application/problem+json", "bff-problem: signin_required"],
        '{"code":"signin_required","title":"Theirs"}',
      ),
      "/tagged": response(
        "200 OK",
        ["content-type: text/plain", 'etag: "1"', "cache-control: public, max-age=9"],
        "ok",
      ),
      "/cors": response("200 OK", ["access-control-allow-origin: *", "content-security-policy: default-src *"]),
    });
    const ports = await freePorts();
    const slashed = { AllowEncodedSlashes: "true", MaxRequestBytes: String(5 * 1024 * 1024) };
    const environment = {
      ...apiSettings("raw", { BaseUrl: raw.url, Scopes: "User.Read" }),
      ...apiSettings("cached", { BaseUrl: raw.url, Scopes: "User.Read", Caching: "private" }),
      ...apiSettings("slashed", {
        BaseUrl: `http://127.0.0.1:${ports.downstreamApi}/v1.0`,
        Scopes: "User.Read",
        ...slashed,
      }),
    };
    world = await startWorld({ ports, environment });
    client = world.client();
    await signIn(client, ada, "/healthz");
  });
  after(async () => {
    await world.stop();
    await raw.stop();
  });
  beforeEach(() => {
    world.downstreamApi.controls.clearFaults();
    world.downstreamApi.controls.clearRequests();
  });

  const own = () => ({ origin: world.publicBaseUrl, "sec-fetch-site": "same-origin" });
  const echo = async (path: string, ask?: Ask) => (await client.fetch(path, ask)).json() as unknown as Echo;

  it("passes on what the API needs to know of the request, and neither cookies nor credentials nor origin", async () => {
    const passed = {
      accept: "application/json;odata.metadata=none",
      "accept-language": "de",
      consistencylevel: "eventual",
      "content-type": "text/plain; charset=utf-8",
      "if-match": '"1"',
      prefer: "return=minimal",
      range: "bytes=0-1",
      "if-range": '"v1"',
      "idempotency-key": "one",
      "user-agent": "a browser",
      "x-anything": "else",
    };
    const kept = {
      authorization: "Bearer of-the-browser",
      "proxy-authorization": "Basic eDp5",
      referer: `${world.publicBaseUrl}/page`,
      "x-forwarded-for": "203.0.113.7",
      "x-ms-client-principal": "e30=",
      "x-functions-key": "key",
      forwarded: "for=203.0.113.7",
      "x-named": "by Connection",
    };
    const { headers } = await echo("/api/graph/echo", {
      method: "POST",
      headers: { ...passed, ...kept, ...own(), connection: "close, X-Named" },
      body: "1",
    });
    for (const [name, value] of Object.entries(passed)) assert.equal(headers[name], value, name);
    assert.equal(headers["authorization"], "Bearer (verified)");
    for (const [name, value] of Object.entries({ ...kept, ...own() })) assert.notEqual(headers[name], value, name);
    assert.equal(headers["cookie"], undefined);
    const [recorded] = world.downstreamApi.requests;
    assert.equal(recorded?.cookiePresent, false);
    assert.equal(recorded?.headers["host"], new URL(world.downstreamApi.url).host);
    assert.ok(!JSON.stringify(recorded).includes(sessionOf(client).secret));
  });

  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    it(`passes on ${method} with its body, byte by byte`, async () => {
      const body = Buffer.from([0, 255, 10, 13, 128, 1]);
      const headers = { ...own(), "content-type": "application/octet-stream" };
      const received = await echo("/api/graph/echo", { method, headers, body });
      assert.equal(received.method, method);
      assert.equal(received.bodyBase64, body.toString("base64"));
      assert.equal(received.headers["content-length"], "6");
    });
  }

  it("passes on a request without a body", async () => {
    const received = await echo("/api/graph/echo", { method: "POST", headers: own() });
    assert.deepEqual([received.method, received.body], ["POST", ""]);
  });

  it("passes on a body as large as the API's settings allow, and refuses a larger one", async () => {
    const headers = { ...own(), "content-type": "application/octet-stream" };
    const limit = 5 * 1024 * 1024;
    const most = await client.fetch("/api/slashed/echo", { method: "PUT", headers, body: Buffer.alloc(limit, "a") });
    assert.equal(most.status, 200);
    const over = await client.fetch("/api/slashed/echo", {
      method: "PUT",
      headers,
      body: Buffer.alloc(limit + 1, "a"),
    });
    assertProblem(over, 413, "body_too_large");
    assert.equal(world.downstreamApi.requests.length, 1);
  });

  it("passes on path and query as a browser writes them", async () => {
    const target =
      "/echo/a%20b/%E2%82%AC/c;d=1?$select=displayName,id&$filter=startswith(x,%27a%27)&q=a+b%20c%2F%26&q=2&empty=";
    assert.equal((await echo(`/api/graph${target}`, { rawTarget: `/api/graph${target}` })).path, `/v1.0${target}`);
  });

  it("passes on what is encoded as it is, once", async () => {
    for (const path of ["a%2520b", "a%20b", "100%25", "a%3Fb%23c", "caf%C3%A9", "a%252520b"]) {
      const rawTarget = `/api/graph/echo/${path}`;
      assert.equal((await echo(rawTarget, { rawTarget })).path, `/v1.0/echo/${path}`);
    }
  });

  it("passes on encoded slashes to an API whose settings allow it, and to no other", async () => {
    const id = encodeURIComponent("AAMkADAy/z/LP4A");
    const received = await echo(`/api/slashed/echo/${id}`);
    assert.equal(received.path, `/v1.0/echo/${id}`);
    assertProblem(await client.fetch(`/api/graph/echo/${id}`), 400, "api_path_invalid");
  });

  for (const path of [
    "..%2fx",
    "a/..%2f..%2f..%2fx",
    "%2e%2e%2fx",
    "%252e%252e/x",
    "a/%252e%252e/%252e%252e/x",
    "%252e%252e%252fx",
    "..%5cx",
    "..%255cx",
    "%5c%5cevil.example",
    "%2f%2fevil.example",
    "/evil.example",
    "a%09b",
    "a%0d%0ab",
    "..;/x",
    "..%3b/x",
    "../../v1.0/../x",
    "%2e%2e/%2e%2e/x",
  ]) {
    it(`lets nothing out of the API's base URL: ${path}`, async () => {
      const answer = await client.fetch("/", { rawTarget: `/api/slashed/${path}` });
      assert.ok([400, 404].includes(answer.status), String(answer.status));
      assert.deepEqual(world.downstreamApi.requests, []);
    });
  }

  it("knows the API by its name in any case", async () => {
    assert.equal((await client.fetch("/api/GRAPH/me")).status, 200);
  });

  for (const status of [200, 201, 202, 400, 403, 404, 409, 412, 422, 429, 500, 503]) {
    it(`passes back ${status} with its body`, async () => {
      const headers = { "content-type": "application/json; charset=utf-8", "retry-after": "7", etag: '"5"' };
      const fault = { type: "status", status, body: { error: { code: "theirs" } }, headers } as const;
      world.downstreamApi.controls.failNext(fault);
      const answer = await client.fetch("/api/graph/me");
      assert.equal(answer.status, status);
      assert.deepEqual(answer.json(), { error: { code: "theirs" } });
      assert.equal(answer.headers["content-type"], headers["content-type"]);
      assert.equal(answer.headers["retry-after"], "7");
      assert.equal(answer.headers["etag"], '"5"');
    });
  }

  for (const status of [204, 205, 304]) {
    it(`passes back ${status}, which has no body`, async () => {
      world.downstreamApi.controls.failNext({ type: "status", status, body: "", headers: { etag: '"5"' } });
      const answer = await client.fetch("/api/graph/me", { headers: { "if-none-match": '"5"' } });
      assert.equal(answer.status, status);
      assert.equal(answer.bytes.length, 0);
      assert.equal(answer.headers["etag"], '"5"');
      assert.equal(world.downstreamApi.requests[0]?.headers["if-none-match"], '"5"');
    });
  }

  it("passes back an image as it is", async () => {
    const answer = await client.fetch("/api/graph/me/photo/$value");
    assert.equal(answer.headers["content-type"], "image/png");
    assert.equal(answer.bytes.subarray(1, 4).toString(), "PNG");
  });

  it("passes back what is compressed as it is", async () => {
    const answer = await client.fetch("/api/raw/gzip");
    assert.equal(answer.headers["content-encoding"], "gzip");
    assert.equal(gunzipSync(answer.bytes).toString(), "packed");
  });

  it("passes back a part of a file with what it is a part of, and names that are not ASCII", async () => {
    const answer = await client.fetch("/api/raw/part", { headers: { range: "bytes=0-9" } });
    assert.equal(answer.status, 206);
    assert.deepEqual([answer.headers["content-range"], answer.headers["accept-ranges"]], ["bytes 0-9/30", "bytes"]);
    assert.match(String(answer.headers["content-disposition"]), /; filename\*=UTF-8''%C3%9Cber\.txt$/);
    assert.equal(answer.headers["x-title"], undefined);
  });

  it("passes back the head of an answer to HEAD", async () => {
    const answer = await client.fetch("/api/graph/me/photo/$value", { method: "HEAD" });
    assert.deepEqual([answer.status, answer.headers["content-type"], answer.bytes.length], [200, "image/png", 0]);
    assert.ok(Number(answer.headers["content-length"]) > 0);
    assert.equal(world.downstreamApi.requests[0]?.method, "HEAD");
  });

  for (const [name, value, code, status] of [
    ["upgrade", "websocket", "framing_unsupported", 501],
    ["expect", "100-continue", "expectation_failed", 417],
  ] as const) {
    it(`refuses a request with ${name} before anything reaches the API`, async () => {
      const answer = await client.fetch("/api/graph/me", { headers: { [name]: value } });
      assertProblem(answer, status, code);
      assert.equal(world.downstreamApi.requests.length, 0);
    });
  }

  it("gives the API no say over the app's own origin: cookies, frames, scripts, other origins", async () => {
    const page = await client.fetch("/api/raw/html");
    assert.equal(page.headers["set-cookie"], undefined);
    assert.equal(page.headers["x-frame-options"], "DENY");
    assert.match(String(page.headers["content-security-policy"]), /default-src 'none'.*sandbox/);
    assert.equal(page.headers["x-content-type-options"], "nosniff");
    const cors = await client.fetch("/api/raw/cors");
    assert.equal(cors.headers["access-control-allow-origin"], undefined);
    assert.match(String(cors.headers["content-security-policy"]), /^default-src 'none'/);
  });

  it("is no part of a page: neither a script nor a frame", async () => {
    for (const destination of ["script", "style", "worker", "serviceworker", "iframe", "object"]) {
      const headers = { "sec-fetch-dest": destination, "sec-fetch-site": "same-origin" };
      assertProblem(await client.fetch("/api/graph/me", { headers }), 403, "destination_not_allowed");
    }
    assert.equal(world.downstreamApi.requests.length, 0);
  });

  it("marks the app's own problems, and no answer of an API carries the mark", async () => {
    const problem = await client.fetch("/api/graph/a%09b");
    assert.equal(problem.headers["bff-problem"], "api_path_invalid");
    const theirs = await client.fetch("/api/raw/own-problem");
    assert.equal(theirs.status, 403);
    assert.equal(theirs.headers["content-type"], "application/problem+json");
    assert.equal(theirs.headers["bff-problem"], undefined);
  });

  it("lets browsers keep nothing, or with Caching what they check before each use", async () => {
    assert.equal((await client.fetch("/api/raw/tagged")).headers["cache-control"], "no-store");
    const { headers } = await client.fetch("/api/cached/tagged");
    assert.equal(headers["cache-control"], "private, no-cache");
    assert.match(String(headers.etag), /^"1~[\w-]{8}"$/);
    await client.fetch("/api/cached/tagged", { headers: { "if-none-match": String(headers.etag) } });
    assert.match(raw.requests.at(-1) ?? "", /if-none-match: "1"\r\n/i);
    await client.fetch("/api/raw/tagged", { headers: { "if-none-match": String(headers.etag) } });
    assert.match(raw.requests.at(-1) ?? "", /if-none-match: "1~[\w-]{8}"\r\n/i);
  });

  it("refuses a body in chunks, which the Functions host would drop on the way, but takes it with HTTP streams", async () => {
    const cookie = `__Host-session=${sessionOf(client).value}`;
    const answer = await fetch(`${world.instances[0]?.url}/api/graph/echo`, {
      method: "POST",
      headers: { cookie, origin: world.publicBaseUrl },
      body: new Blob(["in chunks"]).stream(),
      duplex: "half",
    });
    assert.equal(answer.status, httpStreaming ? 200 : 411);
    if (httpStreaming) assert.match(await answer.text(), /in chunks/);
    else assert.equal(((await answer.json()) as { code: string }).code, "length_required");
  });

  it("follows no redirect: neither token nor request reaches the address it names", async () => {
    const seen = raw.requests.length;
    const answer = await client.fetch(`/api/graph/redirect?to=${encodeURIComponent(`${raw.url}/trap`)}`);
    assert.equal(answer.status, 302);
    assert.equal(answer.headers.location, `${raw.url}/trap`);
    assert.equal(raw.requests.length, seen);
  });

  it("says where a redirect within the API leads as the browser has to ask for it", async () => {
    for (const [to, location] of [
      ["/v1.0/me?$select=mail", "/api/graph/me?$select=mail"],
      [`${world.downstreamApi.url}/v1.0/me`, "/api/graph/me"],
      ["/auth/logout", `${world.downstreamApi.url}/auth/logout`],
    ] as const) {
      const answer = await client.fetch(`/api/graph/redirect?to=${encodeURIComponent(to)}`);
      assert.equal(answer.headers.location, location);
    }
  });

  it("hands out a claims challenge, and a sign-in with those claims meets it", async () => {
    world.downstreamApi.controls.requireAuthenticationContext("c1");
    try {
      const refused = await client.fetch("/api/graph/me");
      assertProblem(refused, 401, "signin_required");
      assert.ok(!clearsSession(refused));
      const claims = String(refused.json()["claims"]);
      assert.deepEqual(JSON.parse(claims), { access_token: { acrs: { essential: true, value: "c1" } } });
      const query = new URLSearchParams({ claims, loginHint: ada, returnUrl: "/healthz" });
      const landed: Answer = await client.navigate(`/auth/login?${query.toString()}`);
      assert.equal(landed.status, 200);
      assert.equal((await client.fetch("/api/graph/me")).status, 200);
    } finally {
      world.downstreamApi.controls.requireAuthenticationContext(undefined);
    }
  });
});
