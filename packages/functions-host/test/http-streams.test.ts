import assert from "node:assert/strict";
import { once } from "node:events";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { HttpHandler } from "@azure/functions";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { headerOf, onlyAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { bodyOf, getRaw, sendRaw, startHost, startStreamingHost, statusOf, type TestHost } from "./fixtures/harness.ts";
import { setSetting } from "./fixtures/queues.ts";
import { openRaw } from "@entra-functions-bff/stand-in-kit/raw-connection";
import { watchWorker } from "./fixtures/worker-arrivals.ts";

const methods = ["GET", "POST", "HEAD", "PUT", "PATCH"] as const;

type Start = typeof startHost;

/** A host with one function, at /x and below. */
function startWith(start: Start, t: TestContext, handler: HttpHandler, hostJson?: unknown): Promise<TestHost> {
  return start(
    t,
    ({ app }) => app.http("x", { route: "x/{*rest}", methods: [...methods], handler }),
    hostJson === undefined ? {} : { hostJson },
  );
}

const streaming = (t: TestContext, handler: HttpHandler, hostJson?: unknown) =>
  startWith(startStreamingHost, t, handler, hostJson);
const buffering = (t: TestContext, handler: HttpHandler, hostJson?: unknown) =>
  startWith(startHost, t, handler, hostJson);

/** A body that the test feeds. */
function gatedBody(): { readonly stream: ReadableStream; readonly source: Readable } {
  const source = new Readable({ read: () => undefined });
  return { stream: Readable.toWeb(source) as ReadableStream, source };
}

const withTimeout = (functionTimeout: string) => ({
  version: "2.0",
  functionTimeout,
  extensions: { http: { routePrefix: "" } },
});

const get = "GET /x HTTP/1.1";
const hostLine = "Host: localhost";

test("with streams the first bytes of a body arrive while the function still writes, and the answer is chunked", async (t) => {
  const { stream, source } = gatedBody();
  const host = await streaming(t, () => ({ body: stream }));
  const connection = await openRaw(t, host.port, get, hostLine);
  source.push("first");
  const answer = await connection.until(/first\r\n$/);
  assert.match(answer, /transfer-encoding: chunked/i);
  source.push("second");
  await connection.until(/second\r\n$/);
  source.push(null);
  await connection.until(/\r\n0\r\n\r\n$/);
});

test("by default nothing of a body arrives before all of it is there", async (t) => {
  const { stream, source } = gatedBody();
  const host = await buffering(t, () => ({ body: stream }));
  const connection = await openRaw(t, host.port, get, hostLine);
  source.push("first");
  await delay(50);
  assert.equal(connection.received(), "");
  source.push("second");
  source.push(null);
  await connection.until(/firstsecond/);
});

test("with streams the head goes out with the first bytes of the body, not before", async (t) => {
  const { stream, source } = gatedBody();
  const host = await streaming(t, () => ({ body: stream }));
  const connection = await openRaw(t, host.port, get, hostLine);
  await delay(50);
  assert.equal(connection.received(), "");
  source.push("first");
  await connection.until(/first/);
  source.push(null);
});

test("with streams a chunked body reaches the function piece by piece; by default it is not there at all", async (t) => {
  const seen: string[] = [];
  const host = await streaming(t, async (request) => {
    for await (const chunk of request.body ?? []) seen.push(Buffer.from(chunk as Uint8Array).toString());
    return { body: "read" };
  });
  const connection = await openRaw(t, host.port, "POST /x HTTP/1.1", hostLine, "Transfer-Encoding: chunked");
  connection.send("5\r\nfirst\r\n");
  await eventually("the first piece is there", () => seen.includes("first"));
  connection.send("6\r\nsecond\r\n0\r\n\r\n");
  await connection.until(/read/);
  assert.deepEqual(seen, ["first", "second"]);

  const buffered = await buffering(t, (request) => ({ body: request.body === null ? "none" : "some" }));
  const chunked = [
    "POST /x HTTP/1.1",
    hostLine,
    "Connection: close",
    "Transfer-Encoding: chunked",
    "",
    "1",
    "a",
    "0",
    "",
    "",
  ];
  assert.equal(bodyOf(await sendRaw(buffered.port, chunked.join("\r\n"))), "none");
});

test("a body with a Content-Length is read to its end before the function is called, in both modes", async (t) => {
  for (const start of [streaming, buffering]) {
    let calls = 0;
    const host = await start(t, async (request) => {
      calls += 1;
      return { body: await request.text() };
    });
    const connection = await openRaw(t, host.port, "POST /x HTTP/1.1", hostLine, "Content-Length: 10");
    connection.send("first");
    await delay(50);
    assert.equal(calls, 0);
    connection.send("other");
    await connection.until(/firstother/);
  }
});

test("with streams the answer waits until the request's body has gone out", async (t) => {
  const called = Promise.withResolvers<void>();
  const host = await streaming(t, () => {
    called.resolve();
    return { body: "early" };
  });
  const connection = await openRaw(t, host.port, "POST /x HTTP/1.1", hostLine, "Transfer-Encoding: chunked");
  connection.send("1\r\na\r\n");
  await called.promise;
  await delay(50);
  assert.equal(connection.received(), "");
  connection.send("0\r\n\r\n");
  await connection.until(/early/);
});

test("a browser that does not read holds the worker's connection up, and a function that does not read the browser's", async (t) => {
  const worker = watchWorker(t);
  const megabyte = Buffer.alloc(2 ** 20, "a");
  const release = Promise.withResolvers<void>();
  let id = "";
  const host = await streaming(t, async (request, { invocationId }) => {
    id ||= invocationId;
    if (request.method === "GET")
      return { body: Readable.toWeb(Readable.from(Array(40).fill(megabyte))) as ReadableStream };
    await release.promise;
    return {};
  });
  const download = await openRaw(t, host.port);
  download.socket.pause();
  download.socket.write(`${get}\r\n${hostLine}\r\n\r\n`);
  // The library has written everything and waits for nothing: it waits in the worker's response, not in the host.
  await eventually(
    "the function has written all",
    () => (id === "" ? 0 : worker.of(id).response.writableLength) > 20 * 2 ** 20,
  );

  const upload = await openRaw(t, host.port, "POST /x HTTP/1.1", hostLine, "Transfer-Encoding: chunked");
  for (let count = 0; count < 40; count += 1) {
    upload.socket.write(`100000\r\n`);
    upload.socket.write(megabyte);
    upload.socket.write("\r\n");
  }
  await delay(200);
  assert.ok(upload.socket.writableLength > 20 * 2 ** 20, `${upload.socket.writableLength} bytes wait in the browser`);
  release.resolve();
  for (const { socket } of [download, upload]) socket.destroy();
});

test("request and invocation are tied by x-ms-invocation-id, whatever the browser sends, and the answer tells it", async (t) => {
  const host = await streaming(t, (_request, { invocationId }) => ({ body: invocationId }));
  const answer = onlyAnswer(Buffer.from(await getRaw(host.port, "/x", ["x-ms-invocation-id: mine"]), "latin1"));
  assert.equal(answer.status, 200);
  assert.equal(headerOf(answer, "x-ms-invocation-id"), answer.body);
});

test("with streams a function that throws is an empty 500 when nothing was sent for FunctionsHost__IdleMs", async (t) => {
  setSetting(t, "FunctionsHost__IdleMs", "300");
  const host = await streaming(t, () => Promise.reject(new Error("on purpose")));
  const started = performance.now();
  const answer = await getRaw(host.port, "/x");
  assert.ok(performance.now() - started >= 290);
  assert.deepEqual([statusOf(answer), bodyOf(answer)], [500, ""]);
  assert.ok(host.lines.some((line) => /error Function\.x: failed, answered 500: Error: on purpose/.test(line)));
});

test("with streams a function that returns nothing is an empty 500 just as late", async (t) => {
  setSetting(t, "FunctionsHost__IdleMs", "300");
  const host = await streaming(t, () => undefined as unknown as object);
  const answer = await getRaw(host.port, "/x");
  assert.deepEqual([statusOf(answer), bodyOf(answer)], [500, ""]);
  assert.ok(host.lines.some((line) => /failed, answered 500: .*nothing was sent for 0\.3 s/.test(line)));
});

test("with streams a body that fails half-way leaves the connection open, and is broken off as late", async (t) => {
  setSetting(t, "FunctionsHost__IdleMs", "500");
  const { stream, source } = gatedBody();
  const host = await streaming(t, () => ({ body: stream }));
  const connection = await openRaw(t, host.port, get, hostLine);
  source.push("half");
  await connection.until(/half\r\n$/);
  source.destroy(new Error("the rest is lost"));
  const early = await Promise.race([connection.ended, delay(200, "still open")]);
  assert.equal(early, "still open");
  assert.equal(await connection.ended, "reset");
  assert.match(connection.received(), /half\r\n$/, "no last chunk");
});

test("by default a body that fails half-way is an empty 500", async (t) => {
  const { stream, source } = gatedBody();
  const host = await buffering(t, () => ({ body: stream }));
  source.push("half");
  source.destroy(new Error("the rest is lost"));
  const answer = await getRaw(host.port, "/x");
  assert.deepEqual([statusOf(answer), bodyOf(answer)], [500, ""]);
});

test("a worker's response that is destroyed resets the browser's connection at once", async (t) => {
  const worker = watchWorker(t);
  const { stream, source } = gatedBody();
  let id = "";
  const host = await streaming(t, (_request, { invocationId }) => {
    id = invocationId;
    return { body: stream };
  });
  const connection = await openRaw(t, host.port, get, hostLine);
  source.push("half");
  await connection.until(/half\r\n$/);
  worker.of(id).response.destroy();
  assert.equal(await connection.ended, "reset");
  assert.match(connection.received(), /half\r\n$/, "no last chunk");
  source.push(null);
});

test("a response that is destroyed before its first byte arrives again, and is an empty 500 when nothing was sent", async (t) => {
  setSetting(t, "FunctionsHost__IdleMs", "400");
  const worker = watchWorker(t);
  const host = await streaming(t, (_request, { invocationId }) => {
    worker.of(invocationId).response.destroy();
    return { body: "too late" };
  });
  const answer = await getRaw(host.port, "/x");
  assert.deepEqual([statusOf(answer), bodyOf(answer)], [500, ""]);
  assert.ok(worker.arrivals.length >= 2);
  assert.equal(new Set(worker.arrivals.map(({ id }) => id)).size, 1);
});

test("a browser that goes away closes the worker's response", async (t) => {
  const worker = watchWorker(t);
  const ids: string[] = [];
  const { stream, source } = gatedBody();
  const host = await streaming(t, async (request, { invocationId }) => {
    ids.push(invocationId);
    if (!request.url.endsWith("/before")) return { body: stream };
    await once(worker.of(invocationId).response, "close");
    return {};
  });
  const during = await openRaw(t, host.port, get, hostLine);
  source.push("first");
  await during.until(/first/);
  const before = await openRaw(t, host.port, "GET /x/before HTTP/1.1", hostLine);
  await eventually("both have begun", () => ids.length === 2);
  const closed = Promise.all(ids.map((id) => once(worker.of(id).response, "close")));
  during.socket.destroy();
  before.socket.destroy();
  await closed;
  source.push(null);
  await eventually("both are over", () => host.lines.filter((line) => / 499 in /.test(line)).length === 2);
  assert.ok(host.lines.every((line) => !line.includes("error")));
});

test("with streams a browser that goes away in the middle of its chunked body fails the function's reading", async (t) => {
  const called = Promise.withResolvers<void>();
  const read = Promise.withResolvers<unknown>();
  const host = await streaming(t, async (request) => {
    called.resolve();
    await request.text().then(read.resolve, (error: unknown) => read.resolve(error));
    return {};
  });
  const connection = await openRaw(t, host.port, "POST /x HTTP/1.1", hostLine, "Transfer-Encoding: chunked");
  connection.send("4\r\nhalf\r\n");
  await called.promise;
  connection.socket.destroy();
  assert.ok((await read.promise) instanceof Error);
});

test("with streams a function that runs longer than functionTimeout is a 500, or breaks its answer off", async (t) => {
  const { stream, source } = gatedBody();
  const host = await streaming(
    t,
    (request) => (request.url.endsWith("/silent") ? new Promise(() => undefined) : { body: stream }),
    withTimeout("00:00:00.3"),
  );
  const silent = getRaw(host.port, "/x/silent");
  const begun = await openRaw(t, host.port, get, hostLine);
  source.push("half");
  await begun.until(/half\r\n$/);
  assert.equal(await begun.ended, "reset");
  assert.equal(statusOf(await silent), 500);
  source.push(null);
});

test("what no function answers is answered as without streams, and reaches no worker", async (t) => {
  const worker = watchWorker(t);
  const host = await streaming(t, () => ({ body: "reached" }));
  assert.equal(statusOf(await getRaw(host.port, "/other")), 404);
  const deleted = await sendRaw(host.port, `DELETE /x HTTP/1.1\r\n${hostLine}\r\nConnection: close\r\n\r\n`);
  assert.equal(statusOf(deleted), 404);
  const tooLong = await sendRaw(host.port, `POST /x HTTP/1.1\r\n${hostLine}\r\nContent-Length: 104857601\r\n\r\n`);
  assert.deepEqual([statusOf(tooLong), bodyOf(tooLong)], [500, ""]);
  assert.equal(worker.arrivals.length, 0);
});

test("with streams an answer to HEAD has no body, and a length only if the function tells one", async (t) => {
  const host = await streaming(t, (request) =>
    request.url.endsWith("/length") ? { body: "12345", headers: { "content-length": "5" } } : { body: "12345" },
  );
  const head = (path: string) =>
    sendRaw(host.port, `HEAD ${path} HTTP/1.1\r\n${hostLine}\r\nConnection: close\r\n\r\n`);
  const [plain, told] = [await head("/x"), await head("/x/length")];
  assert.doesNotMatch(plain, /content-length|transfer-encoding|12345/i);
  assert.match(told, /content-length: 5\r\n/i);
  assert.doesNotMatch(told, /12345/);
});

test("with streams a length that the function tells reaches the browser, an answer without a body has length 0", async (t) => {
  const host = await streaming(t, (request) => {
    if (request.url.endsWith("/told")) return { body: "12345", headers: { "content-length": "5" } };
    return request.url.endsWith("/none") ? { status: 204 } : { status: 302, headers: { location: "/" } };
  });
  assert.match(await getRaw(host.port, "/x/told"), /content-length: 5\r\n[^]*12345$/i);
  assert.match(await getRaw(host.port, "/x"), /^HTTP\/1\.1 302 [^]*content-length: 0\r\n/i);
  assert.doesNotMatch(await getRaw(host.port, "/x/none"), /content-length|transfer-encoding/i);
});

test("with streams the library writes the cookies: no path of its own, and the epoch stays", async (t) => {
  const cookies = [
    { name: "a", value: "x y", sameSite: "Lax" as const },
    { name: "b", value: "", expires: new Date(0), path: "/" },
  ];
  const host = await streaming(t, () => ({ cookies, headers: { "set-cookie": "c=3" } }));
  assert.deepEqual((await fetch(`${host.url}/x`)).headers.getSetCookie(), [
    "a=x%20y; SameSite=Lax",
    "b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
  ]);
});

test("with streams header names that .NET knows have its spelling, hop-by-hop ones stay behind", async (t) => {
  const host = await streaming(t, () => ({
    body: "x",
    headers: { "x-frame-options": "DENY", etag: '"1"', "x-own": "1", "alt-svc": "clear", "keep-alive": "timeout=1" },
  }));
  const { lines } = onlyAnswer(Buffer.from(await getRaw(host.port, "/x"), "latin1"));
  const names = lines.map((line) => line.slice(0, line.indexOf(":")));
  for (const name of ["X-Frame-Options", "ETag", "x-own", "Content-Type", "Date"])
    assert.ok(names.includes(name), name);
  for (const name of ["alt-svc", "keep-alive"]) assert.ok(!names.some((given) => given.toLowerCase() === name), name);
});

test("with streams a header of an answer beyond ASCII is an empty 500, one beyond Latin-1 just as late as a throw", async (t) => {
  setSetting(t, "FunctionsHost__IdleMs", "300");
  const host = await streaming(t, (request) => ({ headers: { "x-a": request.url.endsWith("/wide") ? "€" : "é" } }));
  assert.equal(statusOf(await getRaw(host.port, "/x")), 500);
  const started = performance.now();
  assert.equal(statusOf(await getRaw(host.port, "/x/wide")), 500);
  assert.ok(performance.now() - started >= 290);
});
