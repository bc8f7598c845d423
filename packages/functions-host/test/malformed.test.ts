import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { sendRaw, startHost, statusOf, type TestHost } from "./fixtures/harness.ts";

const longTarget = (length: number) => `/${"a".repeat(length)}`;
const manyHeaders = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: 1`);
const requestFor = (path: string, more: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

let host: TestHost;
const cleanups: (() => unknown)[] = [];

/** Sends a request's lines (the Host header is added unless `lines` has one) and returns the status. */
async function status(...lines: readonly string[]): Promise<number> {
  const [first = "", ...rest] = lines;
  const hasHost = rest.some((line) => /^host:/i.test(line));
  const all = [first, ...(hasHost ? [] : ["Host: localhost"]), "Connection: close", ...rest];
  return statusOf(await sendRaw(host.port, Buffer.from(`${all.join("\r\n")}\r\n\r\n`, "latin1")));
}

describe("what is not proper HTTP", () => {
  before(async () => {
    const context = { after: (run: () => unknown) => cleanups.push(run) };
    host = await startHost(context as unknown as TestContext, ({ app }) => {
      app.http("x", { route: "{*path}", methods: ["GET", "POST"], handler: () => ({ body: "fine" }) });
      app.patch("patched", (request) => ({ body: request.method }));
    });
  });
  after(async () => {
    for (const run of cleanups.toReversed()) await run();
  });

  test("a request line over 8 KB is 414, however long", async () => {
    assert.equal(await status(`GET ${longTarget(8192 - "GET / HTTP/1.1\r\n".length)} HTTP/1.1`), 200);
    assert.equal(await status(`GET ${longTarget(8192 - "GET / HTTP/1.1\r\n".length + 1)} HTTP/1.1`), 414);
    assert.equal(await status(`GET ${longTarget(40_000)} HTTP/1.1`), 414);
    assert.equal(await status(`GET ${longTarget(60_000)} HTTP/1.1`), 414);
  });

  test("headers over 32 KB in all are 431", async () => {
    assert.equal(await status("GET / HTTP/1.1", `X-A: ${"a".repeat(32_000)}`), 200);
    assert.equal(await status("GET / HTTP/1.1", `X-A: ${"a".repeat(33_000)}`), 431);
    assert.equal(await status("GET / HTTP/1.1", `Cookie: ${"a".repeat(60_000)}`), 431);
  });

  test("more than 100 headers are 431", async () => {
    assert.equal(await status("GET / HTTP/1.1", ...manyHeaders(98)), 200);
    assert.equal(await status("GET / HTTP/1.1", ...manyHeaders(99)), 431);
  });

  test("a missing, repeated or malformed Host is 400, an empty one 500", async () => {
    const noHost = await sendRaw(host.port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert.equal(statusOf(noHost), 400);
    for (const hosts of [["Host: a", "Host: b"], ["Host: a b"], ["Host: a/b"], ["Host: u@a"], ["Host: a:99999"]]) {
      assert.equal(await status("GET / HTTP/1.1", ...hosts), 400, hosts.join());
    }
    assert.equal(await status("GET / HTTP/1.1", "Host:"), 500);
    assert.equal(statusOf(await sendRaw(host.port, "GET / HTTP/1.0\r\n\r\n")), 500);
    for (const good of ["localhost:7071", "127.0.0.1", "[::1]:7071", "example.com"]) {
      assert.equal(await status("GET / HTTP/1.1", `Host: ${good}`), 200, good);
    }
  });

  test("bytes that do not belong into a request target are 400, an encoded NUL too", async () => {
    for (const target of ["/\u00e9", "/a\u007f", "/a\u0000", "/%00", "/a%00b", "x", "//user@[", "*"]) {
      assert.equal(await status(`GET ${target} HTTP/1.1`), target === "//user@[" ? 404 : 400, JSON.stringify(target));
    }
    assert.equal(await status("GET /a?\u00e9 HTTP/1.1"), 400);
    assert.equal(await status("OPTIONS * HTTP/1.1"), 404);
  });

  test("an absolute target must name the Host", async () => {
    assert.equal(await status("GET http://localhost:7071/x HTTP/1.1", "Host: localhost:7071"), 200);
    assert.equal(await status("GET http://localhost:7071 HTTP/1.1", "Host: localhost:7071"), 200);
    assert.equal(await status("GET http://evil.example/x HTTP/1.1", "Host: localhost:7071"), 400);
  });

  test("header bytes must be UTF-8", async () => {
    assert.equal(await status("GET / HTTP/1.1", "X-A: \u00c3\u00a9"), 200);
    assert.equal(await status("GET / HTTP/1.1", "X-A: \u00e9"), 400);
    assert.equal(await status("GET / HTTP/1.1", "X-A: a\u0000b"), 400);
    assert.equal(await status("GET / HTTP/1.1", "X A: 1"), 400);
  });

  test("methods that nobody knows are 404, versions that nobody knows 505", async () => {
    for (const method of ["BREW", "brew", "delete", "CONNECT"])
      assert.equal(await status(`${method} /x HTTP/1.1`), 404, method);
    assert.equal(await status("G(T /x HTTP/1.1"), 400);
    assert.equal(await status("GET /x HTTP/3.7"), 505);
  });

  test("methods are known in any case, and reach the function as they were sent", async () => {
    for (const method of ["get", "Get", "pOST"]) assert.equal(await status(`${method} /x HTTP/1.1`), 200, method);
    for (const round of ["first", "second, on the same connection"]) {
      const patched = await fetch(`${host.url}/patched`, { method: "patch" });
      assert.equal(await patched.text(), "patch", round);
    }
  });

  test("smuggling attempts and garbage are refused, and the host lives on", async () => {
    const head = "POST / HTTP/1.1\r\nHost: localhost\r\n";
    const refused = [
      `${head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      `${head}Content-Length: -1\r\n\r\n`,
      `${head}Content-Length: 1e3\r\n\r\n`,
      "PO ST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /\r\n\r\n",
      "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
      "\r\n\r\n\r\nx\r\n\r\n",
    ];
    for (const text of refused) {
      assert.equal(statusOf(await sendRaw(host.port, Buffer.from(text, "latin1"))), 400, JSON.stringify(text));
    }
    assert.equal(await (await fetch(host.url)).text(), "fine");
  });

  test("random bytes never end the host", async () => {
    let seed = 42;
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
    for (let round = 0; round < 60; round += 1) {
      const noise = Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256)));
      const prefix = [
        "",
        "GET /",
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n",
      ];
      const message = Buffer.concat([Buffer.from(prefix[round % 4] ?? ""), noise, Buffer.from("\r\n\r\n\r\n\r\n")]);
      await sendRaw(host.port, message).catch(() => "reset");
    }
    assert.equal(await (await fetch(host.url)).text(), "fine");
  });

  test("pipelined requests are answered in their order", async () => {
    const answer = await sendRaw(
      host.port,
      requestFor("/a", "") + requestFor("/b", "") + requestFor("/c", "Connection: close\r\n"),
    );
    assert.equal(answer.match(/HTTP\/1\.1 200/g)?.length, 3);
  });
});
