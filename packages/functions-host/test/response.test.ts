import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cookie, HttpResponseInit, InvocationContext } from "@azure/functions";
import { onlyAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { bodyOf, getRaw, sendRaw, startHost, statusOf, type TestHost } from "./fixtures/harness.ts";

type Handler = (context: InvocationContext) => HttpResponseInit | undefined | Promise<HttpResponseInit | undefined>;

/** A host with one function, at /x, that answers with what `handler` returns. */
function startWith(t: Parameters<typeof startHost>[0], handler: Handler, hostJson?: unknown): Promise<TestHost> {
  return startHost(
    t,
    ({ app }) => {
      app.get("x", (_request, context) => handler(context) as HttpResponseInit);
    },
    hostJson === undefined ? {} : { hostJson },
  );
}

async function setCookies(t: Parameters<typeof startHost>[0], cookies: Cookie[]): Promise<string[]> {
  const host = await startWith(t, () => ({ cookies }));
  return (await fetch(`${host.url}/x`)).headers.getSetCookie();
}

test("several cookies through the cookies property make one Set-Cookie header each, in their order", async (t) => {
  const host = await startWith(t, () => ({
    status: 303,
    headers: { Location: "/next" },
    cookies: [
      {
        name: "__Host-session",
        value: "abc.def_~-",
        httpOnly: true,
        secure: true,
        sameSite: "Lax",
        path: "/",
        maxAge: 3600,
      },
      { name: "state", value: "a b/c=é!'()*", sameSite: "Strict" },
      { name: "old", value: "", maxAge: 0, path: "/auth" },
    ],
  }));
  const answer = await getRaw(host.port, "/x");
  assert.equal(statusOf(answer), 303);
  assert.deepEqual(
    answer.split("\r\n").filter((line) => /^set-cookie/i.test(line)),
    [
      "Set-Cookie: __Host-session=abc.def_~-; max-age=3600; path=/; secure; samesite=lax; httponly",
      "Set-Cookie: state=a%20b%2Fc%3D%C3%A9%21%27%28%29%2A; path=/; samesite=strict",
      "Set-Cookie: old=; max-age=0; path=/auth",
    ],
  );
});

test("of several Set-Cookie headers only the last is sent; cookies of the property are added to it", async (t) => {
  const host = await startWith(t, () => ({
    headers: [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
    ],
    cookies: [{ name: "c", value: "3" }],
  }));
  assert.deepEqual((await fetch(`${host.url}/x`)).headers.getSetCookie(), ["b=2", "c=3; path=/"]);
});

test("expires is written in GMT; the epoch itself is dropped, so a cookie is deleted with maxAge 0", async (t) => {
  assert.deepEqual(
    await setCookies(t, [
      { name: "a", value: "1", expires: new Date("2030-01-02T03:04:05Z") },
      { name: "b", value: "", expires: new Date(0) },
      { name: "c", value: "", maxAge: 0 },
    ]),
    ["a=1; expires=Wed, 02 Jan 2030 03:04:05 GMT; path=/", "b=; path=/", "c=; max-age=0; path=/"],
  );
});

test("every other cookie attribute is written as given", async (t) => {
  assert.deepEqual(
    await setCookies(t, [
      { name: "a", value: "1", domain: "example.com", path: "", sameSite: "None", secure: false, httpOnly: false },
      { name: "b", value: "1", maxAge: 1.9 },
    ]),
    ["a=1; domain=example.com; path=; samesite=none", "b=1; max-age=1; path=/"],
  );
});

test("a cookie that cannot be sent is 500, and the log says why", async (t) => {
  const bad: Cookie[] = [
    { name: "a b", value: "" },
    { name: "", value: "" },
    { name: "a", value: "", maxAge: -1 },
    { name: "a", value: "", path: "/\r\nX-Injected: 1" },
    { name: "a", value: 5 as unknown as string },
  ];
  for (const cookie of bad) {
    const host = await startWith(t, () => ({ cookies: [cookie], body: "secret" }));
    const answer = await getRaw(host.port, "/x");
    assert.equal(statusOf(answer), 500, JSON.stringify(cookie));
    assert.equal(bodyOf(answer), "");
    assert.doesNotMatch(answer, /injected/i);
    assert.ok(host.lines.some((line) => /error Function\.x: failed/.test(line)));
  }
});

test("a handler that returns nothing is 204", async (t) => {
  const host = await startWith(t, () => undefined);
  const answer = await getRaw(host.port, "/x");
  assert.equal(statusOf(answer), 204);
  assert.doesNotMatch(answer, /content-length|content-type/i);
});

test("a throw is 500 with an empty body, and only the log says what was thrown", async (t) => {
  for (const thrown of [new Error("reason"), "reason", { reason: 1 }]) {
    const host = await startWith(t, () => Promise.reject(thrown));
    const answer = await getRaw(host.port, "/x");
    assert.equal(statusOf(answer), 500);
    assert.equal(bodyOf(answer), "");
    assert.ok(host.lines.some((line) => /error Function\.x: .*reason/.test(line)));
  }
});

test("what is no response object is 500", async (t) => {
  for (const value of ["text", 5, { status: 99 }, { status: 600 }, { headers: { "a b": "c" } }]) {
    const host = await startWith(t, () => value as HttpResponseInit);
    assert.equal((await fetch(`${host.url}/x`)).status, 500, JSON.stringify(value));
  }
});

test("header values must be printable ASCII", async (t) => {
  const fine = await startWith(t, () => ({ headers: { "x-a": "tab\tand ~!" } }));
  assert.equal((await fetch(`${fine.url}/x`)).headers.get("x-a"), "tab\tand ~!");
  for (const value of ["é", "…", "a\u007fb"]) {
    const host = await startWith(t, () => ({ headers: { "x-a": value } }));
    assert.equal((await fetch(`${host.url}/x`)).status, 500, value);
  }
});

test("bodies of every kind arrive whole", async (t) => {
  const large = "é".repeat(200_000);
  const bodies: [HttpResponseInit, string, string | null][] = [
    [{ body: "é" }, "é", "text/plain;charset=UTF-8"],
    [{ jsonBody: { a: "é" } }, '{"a":"é"}', "application/json"],
    [{ body: Buffer.from("bytes") }, "bytes", null],
    [{ body: large, headers: { "content-type": "text/html" } }, large, "text/html"],
    [{ body: new Blob(["blob"]).stream() }, "blob", null],
    [{}, "", null],
  ];
  for (const [init, text, contentType] of bodies) {
    const host = await startWith(t, () => init);
    const response = await fetch(`${host.url}/x`);
    assert.equal(await response.text(), text);
    assert.equal(response.headers.get("content-type"), contentType);
  }
});

test("a status without a body keeps none", async (t) => {
  for (const status of [204, 205, 304]) {
    const host = await startWith(t, () => ({ status, body: "dropped" }));
    const answer = await getRaw(host.port, "/x");
    assert.equal(statusOf(answer), status);
    assert.equal(bodyOf(answer), "");
  }
});

test("lengths and encodings that would break the response on the wire are 500", async (t) => {
  for (const headers of [{ "content-length": "1" }, { "transfer-encoding": "chunked" }]) {
    const host = await startWith(t, () => ({ body: "long", headers }));
    assert.equal((await fetch(`${host.url}/x`)).status, 500, JSON.stringify(headers));
  }
  const right = await startWith(t, () => ({ body: "long", headers: { "content-length": "4" } }));
  assert.equal(await (await fetch(`${right.url}/x`)).text(), "long");
});

test("a function for HEAD may tell the length of the body it does not send", async (t) => {
  const host = await startHost(t, ({ app }) => {
    app.http("x", { methods: ["HEAD"], handler: () => ({ headers: { "content-length": "42" } }) });
  });
  const response = await fetch(`${host.url}/x`, { method: "HEAD" });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-length"), "42");
});

test("content negotiation is not implemented, and says so in the log", async (t) => {
  const host = await startWith(t, () => ({ body: "x", enableContentNegotiation: true }));
  assert.equal((await fetch(`${host.url}/x`)).status, 501);
  assert.ok(host.lines.some((line) => line.includes("enableContentNegotiation")));
});

test("an answer is chunked whatever its length, and header names that Kestrel knows have its spelling", async (t) => {
  const host = await startWith(t, () => ({
    status: 201,
    body: "é",
    headers: { "cache-control": "no-store", etag: '"1"', "x-frame-options": "DENY" },
  }));
  const answer = onlyAnswer(Buffer.from(await getRaw(host.port, "/x"), "latin1"));
  const names = answer.lines.map((line) => line.slice(0, line.indexOf(":")));
  assert.deepEqual(
    names.filter((name) => !["Date", "Connection", "Transfer-Encoding"].includes(name)),
    ["Cache-Control", "Content-Type", "ETag", "x-frame-options"],
  );
  assert.ok(names.includes("Transfer-Encoding"));
  assert.equal(answer.body, "é");
});

test("an answer to HEAD has neither length nor chunks", async (t) => {
  const host = await startHost(t, ({ app }) => {
    app.http("x", { methods: ["HEAD"], handler: () => ({ body: "dropped" }) });
  });
  const answer = await sendRaw(host.port, "HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.equal(statusOf(answer), 200);
  assert.doesNotMatch(answer, /content-length|transfer-encoding|dropped/i);
});

test("a function that runs longer than functionTimeout is answered 500", async (t) => {
  const hostJson = { version: "2.0", functionTimeout: "00:00:00.05", extensions: { http: { routePrefix: "" } } };
  const host = await startWith(t, () => new Promise((resolve) => setTimeout(resolve, 300, { body: "late" })), hostJson);
  assert.equal((await fetch(`${host.url}/x`)).status, 500);
  assert.ok(host.lines.some((line) => /functionTimeout \(0\.05 s\)/.test(line)));
});

test("the log has one line an event, with level, function and invocation", async (t) => {
  const host = await startWith(t, (context) => {
    context.log("plain %s", "text");
    context.info("info");
    context.warn("two\nlines\u001b[31m");
    context.error(new Error("trouble"));
    context.debug("not at this level");
    return { body: context.invocationId };
  });
  const id = await (await fetch(`${host.url}/x?code=secret`)).text();
  const lines = host.lines.map((line) => line.replace(/^[\d:.]+ /, ""));
  assert.match(
    lines.shift() ?? "",
    /^info  Host.Keys: a request with a key, or with "code", made the host read its keys/,
  );
  assert.equal(lines[0], `info  Function.x.User: plain text [${id}]`);
  assert.equal(lines[1], `info  Function.x.User: info [${id}]`);
  assert.equal(lines[2], `warn  Function.x.User: two | lines?[31m [${id}]`);
  assert.match(lines[3] ?? "", /^error Function\.x\.User: Error: trouble \| at /);
  assert.match(lines[4] ?? "", /^info  Host\.Results: x GET 200 in [\d.]+ ms/);
  assert.equal(lines.length, 5);
  assert.doesNotMatch(lines.join("\n"), /secret/);
});

test("logging.logLevel chooses by the longest prefix of the category", async (t) => {
  const logLevel = { default: "Error", "Function.x": "Warning", "Function.x.User": "Debug", "Host.Results": "None" };
  const hostJson = { version: "2.0", logging: { logLevel }, extensions: { http: { routePrefix: "" } } };
  const host = await startWith(
    t,
    (context) => {
      context.debug("shown");
      context.trace("hidden");
      return {};
    },
    hostJson,
  );
  await fetch(`${host.url}/x`);
  assert.equal(host.lines.length, 1);
  assert.match(host.lines[0] ?? "", /debug Function\.x\.User: shown/);
});

test("a log after the response warns that something was not awaited", async (t) => {
  const late = Promise.withResolvers<void>();
  const host = await startWith(t, (context) => {
    setTimeout(() => {
      context.log("late");
      late.resolve();
    }, 20);
    return {};
  });
  await fetch(`${host.url}/x`);
  await late.promise;
  assert.ok(host.lines.some((line) => /warn {2}Function\.x: Warning: Unexpected call to 'log'/.test(line)));
});
