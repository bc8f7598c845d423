import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { HttpRequest } from "@azure/functions";
import { readRegistrations } from "../src/registrations.ts";
import {
  bodyOf,
  getRaw,
  makeAppFolder,
  sendRaw,
  startHost,
  startStreamingHost,
  statusOf,
  type Library,
  type TestHost,
} from "./fixtures/harness.ts";
import { setSetting } from "./fixtures/queues.ts";
import { openRaw } from "@entra-functions-bff/stand-in-kit/raw-connection";
import { watchWorker } from "./fixtures/worker-arrivals.ts";

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly params: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly text: string;
}

async function describe(request: HttpRequest): Promise<Seen> {
  const { url, method, params, headers } = request;
  return { url, method, params, headers: Object.fromEntries(headers), text: await request.text() };
}

function registerMirror({ app }: Library): void {
  app.http("mirror", {
    route: "mirror/{api?}/{*path}",
    methods: ["GET", "POST", "PATCH"],
    handler: async (request) => ({ jsonBody: await describe(request) }),
  });
}

/** A host whose only function answers with the request as it saw it. */
function startMirror(t: TestContext, start = startStreamingHost, functionTimeout = "00:05:00"): Promise<TestHost> {
  const hostJson = { version: "2.0", functionTimeout, extensions: { http: { routePrefix: "" } } };
  return start(t, registerMirror, { hostJson });
}

async function seen(host: TestHost, target: string, headers: readonly string[] = []): Promise<Seen> {
  return JSON.parse(bodyOf(await getRaw(host.port, target, headers))) as Seen;
}

async function seenPost(host: TestHost, target: string, body: string): Promise<Seen> {
  return (await (await fetch(`${host.url}${target}`, { method: "POST", body })).json()) as Seen;
}

test("request.params has the query's members too when the app streams, those of the path win, and the first spelling stays", async (t) => {
  const host = await startMirror(t);
  const params = async (target: string) => (await seen(host, target)).params;
  assert.deepEqual(await params("/mirror/graph/me?api=other&x=1&x=2&code=c"), { api: "graph", x: "2", path: "me" });
  assert.deepEqual(await params("/mirror/graph/me?API=other&Path="), { API: "graph", Path: "me" });
  assert.deepEqual(
    await params("/mirror?api=other&path=x"),
    {},
    "what the path does not have, the query does not give",
  );
  const buffered = await startMirror(t, startHost);
  assert.deepEqual((await seen(buffered, "/mirror/graph/me?api=other&x=1")).params, { api: "graph", path: "me" });
});

test("request.params has the members of a JSON body with a Content-Length, too", async (t) => {
  const host = await startMirror(t);
  const body = JSON.stringify({ api: "other", text: "a", number: 1, yes: true, none: null, list: [1], deep: { x: 1 } });
  const { params, text } = await seenPost(host, "/mirror/graph?text=query", body);
  assert.deepEqual(params, { api: "graph", text: "query", number: "1", yes: "True" });
  assert.equal(text, body);
  assert.deepEqual((await seenPost(host, "/mirror/graph", '["a"]')).params, { api: "graph" });
  assert.deepEqual((await seenPost(host, "/mirror/graph", "{not json")).params, { api: "graph" });
});

test("a member named Headers of query or body replaces the headers that the function sees", async (t) => {
  const host = await startMirror(t);
  const forged = JSON.stringify({ cookie: "session=forged" });
  assert.deepEqual((await seen(host, `/mirror?Headers=${encodeURIComponent(forged)}`)).headers, {
    cookie: "session=forged",
  });
  assert.deepEqual((await seen(host, "/mirror?headers=x")).headers, {}, "in another case they are gone");
  assert.deepEqual((await seenPost(host, "/mirror", JSON.stringify({ Headers: { a: "b" } }))).headers, { a: "b" });
  const buffered = await startMirror(t, startHost);
  const { headers } = await seen(buffered, `/mirror?Headers=${encodeURIComponent(forged)}`);
  assert.equal(headers["cookie"], undefined);
  assert.ok(headers["host"]);
});

test("with streams the function sees the browser's headers, the worker's request those that YARP forwards", async (t) => {
  const worker = watchWorker(t);
  const host = await startMirror(t);
  const { headers } = await seen(host, "/mirror", [
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Prefix: /x",
    "Cookie: a=1",
    "Cookie: b=2",
    "X-A: 1",
    "X-A: 2",
    "TE: trailers",
    "Upgrade-Insecure-Requests: 1",
    "Proxy-Authorization: x",
  ]);
  assert.equal(headers["x-forwarded-host"], "evil.example");
  assert.equal(headers["cookie"], "a=1,b=2");
  assert.equal(headers["x-a"], "1,2");
  assert.equal(headers["x-ms-invocation-id"], undefined);
  const [arrived] = worker.arrivals;
  const forwarded = arrived?.request.headers ?? {};
  assert.deepEqual(
    ["x-forwarded-host", "x-forwarded-for", "x-forwarded-proto", "cookie", "x-a"].map((name) => forwarded[name]),
    [`localhost:${host.port}`, "127.0.0.1", "http", "a=1; b=2", "1, 2"],
  );
  for (const name of ["x-forwarded-prefix", "te", "upgrade-insecure-requests", "proxy-authorization"]) {
    assert.equal(forwarded[name], undefined, name);
  }
});

test("with streams a request that announces trailers reaches the function, with a body and without", async (t) => {
  const host = await startMirror(t);
  assert.equal((await seen(host, "/mirror", ["Trailer: X-Checksum"])).headers["trailer"], "X-Checksum");
  const head = ["POST /mirror HTTP/1.1", "Host: a", "Connection: close", "Trailer: X-Checksum", "Content-Length: 5"];
  const answer = await sendRaw(host.port, `${head.join("\r\n")}\r\n\r\nhello`);
  assert.equal((JSON.parse(bodyOf(answer)) as Seen).text, "hello");
});

test("with streams the path is encoded once more where it looks encoded, and the query is tidied", async (t) => {
  const host = await startMirror(t);
  const url = async (target: string) => (await seen(host, target)).url.replace(`http://localhost:${host.port}`, "");
  assert.equal(await url("/mirror/a%2Fb%20c/%C3%A9/%zz/%252e/~'x"), "/mirror/a%252Fb%20c/%C3%A9/%25zz/%252e/~'x");
  assert.equal(
    await url("/mirror?q=%41%2f|&a=%zz&b=%c3%a9&c=%ff&d='"),
    "/mirror?q=A%2f%7C&a=%25zz&b=%C3%A9&c=%ff&d=%27",
  );
  const buffered = await startMirror(t, startHost);
  assert.equal((await seen(buffered, "/mirror/a%2Fb")).url, `http://localhost:${buffered.port}/mirror/a%2Fb`);
});

test("with streams the method is in upper case, by default as it was sent", async (t) => {
  for (const [start, method] of [
    [startStreamingHost, "PATCH"],
    [startHost, "patch"],
  ] as const) {
    const host = await startMirror(t, start);
    assert.equal(((await (await fetch(`${host.url}/mirror`, { method: "patch" })).json()) as Seen).method, method);
  }
});

function expecting(path: string): string[] {
  return [`POST ${path} HTTP/1.1`, "Host: a", "Expect: 100-continue", "Content-Length: 5"];
}

test("a browser that waits with its body is told to go on only when somebody wants it, in both modes", async (t) => {
  for (const start of [startStreamingHost, startHost]) {
    const host = await startMirror(t, start);
    const refused = await openRaw(t, host.port, ...expecting("/unknown"));
    assert.match(await refused.until(/\r\n\r\n$/), /^HTTP\/1\.1 404 [^]*connection: close/i);
    const asked = await openRaw(t, host.port, ...expecting("/mirror"));
    assert.match(await asked.until(/\r\n\r\n$/), /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    asked.send("hello");
    await asked.until(/"text":"hello"/);
  }
  const host = await startMirror(t);
  const head = ["POST /mirror HTTP/1.1", "Host: a", "Expect: 100-continue", "Transfer-Encoding: chunked"];
  const chunked = await openRaw(t, host.port, ...head);
  await chunked.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  chunked.send("5\r\nhello\r\n0\r\n\r\n");
  await chunked.until(/"text":"hello"/);
});

test("a request for an upgrade is answered like any other, in both modes", async (t) => {
  const worker = watchWorker(t);
  for (const start of [startStreamingHost, startHost]) {
    const host = await startMirror(t, start);
    for (const protocol of ["websocket", "h2c"]) {
      const upgrade = ["Connection: Upgrade", `Upgrade: ${protocol}`, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
      const connection = await openRaw(t, host.port, "GET /mirror HTTP/1.1", "Host: a", ...upgrade);
      assert.match(await connection.until(/"method":"GET"/), /^HTTP\/1\.1 200 /);
    }
  }
  assert.deepEqual(
    worker.arrivals.map(({ request }) => request.headers.upgrade),
    ["websocket", undefined],
  );
});

test("with streams a request header beyond ASCII reaches no worker: no answer until functionTimeout", async (t) => {
  for (const value of ["é", "€"]) {
    const worker = watchWorker(t);
    const host = await startMirror(t, startStreamingHost, "00:00:00.3");
    const started = performance.now();
    const request = `GET /mirror HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Any: ${value}\r\n\r\n`;
    const answer = await sendRaw(host.port, Buffer.from(request));
    assert.ok(performance.now() - started >= 290);
    assert.deepEqual([statusOf(answer), bodyOf(answer)], [500, ""]);
    assert.equal(worker.arrivals.length, 0);
  }
});

test("with streams more than 16 KB of request headers are too much for the library: no answer until functionTimeout", async (t) => {
  const host = await startMirror(t, startStreamingHost, "00:00:00.3");
  const started = performance.now();
  assert.equal(statusOf(await getRaw(host.port, "/mirror", [`X-Any: ${"a".repeat(17_000)}`])), 500);
  assert.ok(performance.now() - started >= 290);
  const buffered = await startMirror(t, startHost);
  assert.equal(statusOf(await getRaw(buffered.port, "/mirror", [`X-Any: ${"a".repeat(17_000)}`])), 200);
});

test("with streams a chunked body over the limit fails the function's reading, and is an empty 500", async (t) => {
  setSetting(t, "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", String(2 ** 20));
  const host = await startMirror(t);
  const connection = await openRaw(t, host.port, "POST /mirror HTTP/1.1", "Host: a", "Transfer-Encoding: chunked");
  connection.socket.on("error", () => undefined);
  const megabyte = Buffer.from(`100000\r\n${"a".repeat(2 ** 20)}\r\n`);
  for (let count = 0; count < 2; count += 1) {
    if (!connection.socket.write(megabyte)) await new Promise((resolve) => connection.socket.once("drain", resolve));
  }
  assert.match(await connection.until(/\r\n\r\n$/), /^HTTP\/1\.1 500 /);
});

test("a setting says how large a body may be, in both modes", async (t) => {
  setSetting(t, "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "10");
  const hosts = [await startMirror(t, startHost), await startMirror(t)];
  for (const { port } of hosts) {
    const statusFor = async (size: number) => {
      const head = `POST /mirror HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`;
      return statusOf(await sendRaw(port, head + "a".repeat(size)));
    };
    assert.deepEqual([await statusFor(10), await statusFor(11)], [200, 500]);
  }
});

test("an empty Host leaves the library without an address: no answer before FunctionsHost__IdleMs", async (t) => {
  setSetting(t, "FunctionsHost__IdleMs", "300");
  const host = await startMirror(t);
  const started = performance.now();
  const answer = await sendRaw(host.port, "GET /mirror HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n");
  assert.equal(statusOf(answer), 500);
  assert.ok(performance.now() - started >= 290);
});

test("hundreds of streamed requests at once each get their own answer", async (t) => {
  const host = await startMirror(t);
  const numbers = Array.from({ length: 200 }, (_, index) => String(index));
  const answers = await Promise.all(numbers.map(async (n) => seenPost(host, `/mirror/${n}`, n)));
  assert.deepEqual(
    answers.map(({ params, text }) => [params["api"], text]),
    numbers.map((n) => [n, n]),
  );
});

test("the library's server closes with the host, whether that runs or cannot start", async (t) => {
  const ports: number[] = [];
  const onListening = (message: unknown) => {
    const { server } = message as { server: { address(): { port: number } } };
    ports.push(server.address().port);
  };
  subscribe("tracing:net.server.listen:asyncEnd", onListening);
  t.after(() => unsubscribe("tracing:net.server.listen:asyncEnd", onListening));
  const host = await startMirror(t);
  const again = await startMirror(t);
  await host.stop();
  assert.equal((await seen(again, "/mirror")).method, "GET", "another one in the same process runs on");
  await again.stop();
  await assert.rejects(startStreamingHost(t, ({ app }) => app.http("x", { route: "admin", handler: () => ({}) })));
  await delay(20);
  assert.ok(ports.length >= 4);
  for (const port of ports) assert.equal(await connects(port), false, String(port));
});

test("the registrations of an app with streams are read without its server", async (t) => {
  const appFolder = await makeAppFolder(t);
  globalThis.registerFunctionsOfTest = ({ app }) => {
    app.setup({ enableHttpStream: true });
    app.get("x", () => ({}));
  };
  const before = process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length;
  assert.deepEqual(
    (await readRegistrations(appFolder)).map(({ name }) => name),
    ["x"],
  );
  assert.equal(process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length, before);
});

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
