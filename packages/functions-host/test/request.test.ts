import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { HttpRequest } from "@azure/functions";
import { bodyOf, getRaw, sendRaw, startHost, statusOf, type Library, type TestHost } from "./fixtures/harness.ts";

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly query: [string, string][];
  readonly headers: Record<string, string>;
  readonly hasBody: boolean;
  readonly text: string;
  readonly user: unknown;
}

async function describe(request: HttpRequest): Promise<Seen> {
  const { url, method, headers, query, user } = request;
  const hasBody = request.body !== null;
  const text = await request.text();
  return { url, method, query: [...query], headers: Object.fromEntries(headers), hasBody, text, user };
}

/** A host whose only function answers with the request as it saw it. */
async function startMirror(t: Parameters<typeof startHost>[0]): Promise<TestHost> {
  return startHost(t, ({ app }) => {
    app.http("mirror", {
      methods: ["GET", "POST", "PUT"],
      route: "{*path}",
      handler: async (request) => ({ jsonBody: await describe(request) }),
    });
  });
}

async function seenRaw(host: TestHost, target: string, headers: readonly string[] = []): Promise<Seen> {
  return JSON.parse(bodyOf(await getRaw(host.port, target, headers))) as Seen;
}

test("request.url is the Host header's, the path encoded again and the query as sent", async (t) => {
  const host = await startMirror(t);
  const origin = `http://localhost:${host.port}`;
  assert.equal((await seenRaw(host, "/a%20b/%C3%A9?x=%20&y=a%2Fb+c")).url, `${origin}/a%20b/%C3%A9?x=%20&y=a%2Fb+c`);
  assert.equal((await seenRaw(host, "/%7Ea/%61?")).url, `${origin}/~a/a?`);
  assert.equal((await seenRaw(host, "/a%2Fb/%zz/%ff")).url, `${origin}/a%2Fb/%25zz/%ff`);
  assert.equal((await seenRaw(host, "/a/%252e%252e/b")).url, `${origin}/b`, "decoded once, then read as a URL");
});

test("forwarded headers and a client principal from outside are passed on, and change nothing else", async (t) => {
  const host = await startMirror(t);
  const principal = Buffer.from(JSON.stringify({ identityProvider: "x", userId: "mallory" })).toString("base64");
  const seen = await seenRaw(host, "/x", [
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Proto: https",
    "X-Forwarded-For: 203.0.113.9",
    `X-MS-Client-Principal: ${principal}`,
  ]);
  assert.equal(seen.url, `http://localhost:${host.port}/x`);
  assert.equal(seen.headers["x-forwarded-host"], "evil.example");
  assert.equal(seen.headers["x-ms-client-principal"], principal);
  assert.equal((seen.user as { id: string }).id, "mallory", "the library believes it: the app must not");
});

test("a query parameter sent twice is joined with a comma, whatever its case; the URL keeps both", async (t) => {
  const host = await startMirror(t);
  const seen = await seenRaw(host, "/x?a=1&A=2&b&=c&&d=%zz%41&e=1+2&__proto__=p");
  assert.deepEqual(seen.query, [
    ["a", "1,2"],
    ["b", ""],
    ["", "c"],
    ["d", "%zzA"],
    ["e", "1 2"],
  ]);
  assert.deepEqual(new URL(seen.url).searchParams.getAll("a"), ["1"]);
});

test("header names are in lower case, repeated headers joined with a comma, values read as UTF-8", async (t) => {
  const host = await startMirror(t);
  const utf8 = Buffer.from("é").toString("latin1");
  const { headers } = await seenRaw(host, "/x", [
    "X-A: 1",
    "x-a: 2",
    "Cookie: a=1",
    "Cookie: b=2",
    `X-B: ${utf8}`,
    "X-C:",
  ]);
  assert.equal(headers["x-a"], "1,2");
  assert.equal(headers["cookie"], "a=1,b=2");
  assert.equal(headers["x-b"], "é");
  assert.equal(headers["x-c"], "");
});

test("a body with Content-Length arrives byte for byte", async (t) => {
  const body = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
  const host = await startHost(t, ({ app }) => {
    app.http("echo", { methods: ["POST"], handler: async (request) => ({ body: await request.arrayBuffer() }) });
  });
  const response = await fetch(`${host.url}/echo`, { method: "POST", body });
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), body);
});

test("a body without Content-Length is not there", async (t) => {
  const host = await startMirror(t);
  const head = `POST /x HTTP/1.1\r\nHost: localhost:${host.port}\r\nConnection: close\r\n`;
  const seen = JSON.parse(
    bodyOf(await sendRaw(host.port, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)),
  ) as Seen;
  assert.equal(seen.hasBody, false);
  assert.equal(seen.text, "");
});

test("the body of a GET is dropped", async (t) => {
  const host = await startMirror(t);
  const head = `GET /x HTTP/1.1\r\nHost: localhost:${host.port}\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello`;
  const seen = JSON.parse(bodyOf(await sendRaw(host.port, head))) as Seen;
  assert.equal(seen.hasBody, false);
  assert.ok(host.lines.some((line) => /warn .*Discarding the body/.test(line)));
});

test("a body over 100 MB is refused with 500 before it is read", async (t) => {
  const host = await startMirror(t);
  const head = `POST /x HTTP/1.1\r\nHost: localhost:${host.port}\r\nContent-Length: 104857601\r\n\r\n`;
  const answer = await sendRaw(host.port, head);
  assert.equal(statusOf(answer), 500);
  assert.equal(bodyOf(answer), "");
  assert.match(answer, /connection: close/i);
});

test("a client that goes away in the middle of its body calls no function", async (t) => {
  let calls = 0;
  const host = await startHost(t, ({ app }) => {
    app.post("x", () => ({ body: String((calls += 1)) }));
  });
  const socket = connect(host.port, "127.0.0.1");
  socket.write("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
  await setTimeout(20);
  socket.destroy();
  await setTimeout(20);
  assert.equal((await fetch(`${host.url}/x`, { method: "POST" })).status, 200);
  assert.equal(calls, 1);
});

test("a client that goes away while the function runs harms nobody", async (t) => {
  const called = Promise.withResolvers<void>();
  const host = await startHost(t, ({ app }) => {
    app.get("x", async () => {
      called.resolve();
      await setTimeout(30);
      return { body: "x".repeat(1_000_000) };
    });
  });
  const socket = connect(host.port, "127.0.0.1");
  socket.write("GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await called.promise;
  socket.destroy();
  await setTimeout(60);
  assert.equal((await fetch(`${host.url}/x`)).status, 200);
  assert.ok(host.lines.every((line) => !line.includes("error")));
});

test("every invocation has an id, a trace that goes on from the caller's, and no retry context", async (t) => {
  const host = await startHost(t, ({ app }) => {
    app.get("x", (_request, { invocationId, functionName, traceContext, retryContext }) => ({
      jsonBody: { invocationId, functionName, traceContext, retry: retryContext === undefined },
    }));
  });
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const seen = await seenRaw(host, "/x", [`traceparent: ${traceparent}`, "tracestate: a=b"]);
  const { invocationId, functionName, traceContext, retry } = seen as unknown as Record<string, unknown>;
  assert.match(String(invocationId), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  assert.equal(functionName, "x");
  assert.equal(retry, true);
  const { traceParent, traceState } = traceContext as Record<string, string>;
  assert.match(traceParent ?? "", /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  assert.notEqual(traceParent, traceparent);
  assert.equal(traceState, "a=b");
});

function tellFlags({ app }: Library): void {
  app.get("x", (_request, { traceContext }) => ({ body: traceContext?.traceParent?.slice(-3) ?? "" }));
}

test("a trace that begins here is recorded if telemetryMode is OpenTelemetry, and not otherwise", async (t) => {
  const flags = async (telemetryMode?: string) => {
    const hostJson = { version: "2.0", telemetryMode, extensions: { http: { routePrefix: "" } } };
    const host = await startHost(t, tellFlags, { hostJson });
    const answers = [undefined, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"].map(async (traceparent) => {
      const response = await fetch(`${host.url}/x`, { headers: traceparent === undefined ? {} : { traceparent } });
      return response.text();
    });
    return Promise.all(answers);
  };
  assert.deepEqual(await flags("OpenTelemetry"), ["-01", "-00"], "a caller's decision stands");
  assert.deepEqual(await flags("ApplicationInsights"), ["-00", "-00"]);
  assert.deepEqual(await flags(), ["-00", "-00"]);
});

test("hundreds of requests at once each get their own answer", async (t) => {
  const host = await startHost(t, ({ app }) => {
    app.http("x", {
      methods: ["POST"],
      route: "x/{n}",
      handler: async (request) => {
        await setTimeout(Number(request.params["n"]) % 20);
        return { body: await request.text(), headers: { "x-n": request.params["n"] ?? "" } };
      },
    });
  });
  const numbers = Array.from({ length: 200 }, (_, index) => String(index));
  const answers = await Promise.all(
    numbers.map(async (n) => {
      const response = await fetch(`${host.url}/x/${n}`, { method: "POST", body: n });
      return [await response.text(), response.headers.get("x-n")];
    }),
  );
  assert.deepEqual(
    answers,
    numbers.map((n) => [n, n]),
  );
});

test("both loopback addresses answer on the same port", async (t) => {
  const host = await startMirror(t);
  const request = `GET / HTTP/1.1\r\nHost: localhost:${host.port}\r\nConnection: close\r\n\r\n`;
  assert.equal(statusOf(await sendRaw(host.port, request, "127.0.0.1")), 200);
  const ipv6 = await sendRaw(host.port, request, "::1").catch((error: NodeJS.ErrnoException) => error.code);
  if (ipv6 === "EADDRNOTAVAIL") t.diagnostic("this machine has no ::1");
  else assert.equal(statusOf(String(ipv6)), 200);
});
