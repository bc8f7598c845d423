import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertProblem, clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { bytes, response, startRawServer, type RawServer } from "@entra-functions-bff/stand-in-kit/raw-server";
import { dumpStore, type StoreDump } from "../support/store.ts";
import { signIn, startWorld, type World } from "../support/world.ts";

const challenge = (claims: string) => [`www-authenticate: Bearer error="insufficient_claims", claims="${claims}"`];

/** What an API may do wrong, by path; each is an answer of its own and never the app's own failure. */
const failures = {
  "/nonsense": { answer: bytes("hello\r\n\r\n"), what: "speaks no HTTP", code: "api_unavailable" },
  "/nothing": { answer: bytes(""), what: "hangs up", code: "api_unavailable" },
  "/short": {
    answer: bytes("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"),
    what: "hangs up half-way",
    code: "api_unavailable",
  },
  "/chunks": {
    answer: bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
    what: "garbles its chunks",
    code: "api_unavailable",
  },
  "/999": {
    answer: response("999 Strange"),
    what: "answers with a status that HTTP does not have",
    code: "api_unavailable",
  },
  "/407": { answer: response("407 Proxy"), what: "wants a proxy's password", code: "api_unavailable" },
  "/401": { answer: response("401 Unauthorized"), what: "refuses the token", code: "api_refused_token" },
  "/401-other": {
    answer: response("401 Unauthorized", ['www-authenticate: Bearer error="invalid_token"']),
    what: "refuses the token and says why",
    code: "api_refused_token",
  },
  "/401-garbage": {
    answer: response("401 Unauthorized", challenge("bm90IEpTT04=")),
    what: "challenges with claims that are not JSON",
    code: "api_refused_token",
  },
  "/401-list": {
    answer: response("401 Unauthorized", challenge(Buffer.from("[1]").toString("base64"))),
    what: "challenges with claims that are no object",
    code: "api_refused_token",
  },
  "/401-huge": {
    answer: response("401 Unauthorized", challenge("A".repeat(9_000))),
    what: "challenges with claims that are too long",
    code: "api_refused_token",
  },
} as const;

describe("an API that fails", () => {
  let world: World;
  let client: Client;
  let raw: RawServer;
  let stored: StoreDump;
  before(async () => {
    raw = await startRawServer(
      Object.fromEntries(Object.entries(failures).map(([path, { answer }]) => [path, answer])),
    );
    const closed = await startRawServer();
    await closed.stop();
    world = await startWorld({
      environment: {
        // With HTTP streams, what breaks within a body breaks off at the browser: proxy/broken.
        Http__Streaming: "false",
        DownstreamApis__raw__BaseUrl: raw.url,
        DownstreamApis__raw__Scopes: "User.Read",
        DownstreamApis__closed__BaseUrl: closed.url,
        DownstreamApis__closed__Scopes: "User.Read",
        DownstreamApis__elsewhere__BaseUrl: "https://nowhere.invalid/",
        DownstreamApis__elsewhere__Scopes: "User.Read",
      },
    });
    client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
    stored = await dumpStore(world);
  });
  after(async () => {
    await world.stop();
    await raw.stop();
  });

  for (const [path, { what, code }] of Object.entries(failures)) {
    it(`which ${what}: 502 ${code}`, () => expectFailure(`/api/raw${path}`, code));
  }

  it("which resets the connection: 502 api_unavailable", async () => {
    // Once more, where the first connection was one that is used again.
    world.downstreamApi.controls.failNext({ type: "reset" }, 2);
    assertProblem(await client.fetch("/api/graph/me"), 502, "api_unavailable");
    world.downstreamApi.controls.clearFaults();
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  });

  it("where nobody listens: 502 api_unavailable", () => expectFailure("/api/closed/me", "api_unavailable"));

  it("whose name is unknown: 502 api_unavailable", () => expectFailure("/api/elsewhere/me", "api_unavailable"));

  it("which answers 200 with something else than it says: passed on, it is the API's word", async () => {
    world.downstreamApi.controls.failNext({ type: "garbage" });
    const answer = await client.fetch("/api/graph/me");
    assert.equal(answer.status, 200);
    assert.match(answer.body, /not what was asked for/);
  });

  /** A failure with its code and security headers, which costs nobody their session. */
  async function expectFailure(path: string, code: string): Promise<void> {
    const answer = await client.fetch(path);
    assertProblem(answer, 502, code);
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.ok(!clearsSession(answer));
    assert.deepEqual(await dumpStore(world), stored);
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
  }
});
