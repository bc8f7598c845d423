import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import type * as functions from "@azure/functions";
import { startFunctionsHost, type FunctionsHost } from "@entra-functions-bff/functions-host";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { openRaw } from "@entra-functions-bff/stand-in-kit/raw-connection";
import { ProblemError } from "../../shared/core/errors.ts";
import { watchConnections } from "../../shared/pipeline/connection.ts";
import { httpHandler, type FunctionDefinition, type RequestContext } from "../../shared/pipeline/handler.ts";
import { testApp } from "./support/app.ts";

declare global {
  var registerStreamedAnswers: ((library: typeof functions) => void) | undefined;
}

type Handler = (request: functions.HttpRequest, context: RequestContext) => Promise<functions.HttpResponseInit>;

const methods = ["GET", "HEAD", "POST"] as const;
const brokenOff = () => new ProblemError("api_unavailable", "The answer broke off.");

/** What the function does, test by test. */
let handler: Handler;
const handle: Handler = async (request, given) => handler(request, given);

/** A body that the test feeds. */
function fed() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  return {
    readable,
    closed: writer.closed,
    write: async (text: string) => writer.write(Buffer.from(text)),
    fail: async () => writer.abort(brokenOff()),
    end: async () => writer.close(),
  };
}

async function problemOf(response: Response): Promise<{ readonly status: number; readonly code?: string }> {
  return { status: response.status, ...((await response.json()) as object) };
}

function register({ app }: typeof functions): void {
  app.setup({ enableHttpStream: true });
  watchConnections();
  const route = "streamed/{api?}/{*path}";
  const definition: FunctionDefinition = { name: "streamed", route, methods, handler: handle };
  const called = httpHandler(definition, testApp({ Http__Streaming: "true" }), async () => Promise.resolve());
  app.http("streamed", { route, methods: [...methods], handler: called });
}

describe("a function's answer with HTTP streams, on the local host with the real programming model", () => {
  let folder: string;
  let host: FunctionsHost;
  const lines: string[] = [];
  const cleanups: (() => unknown)[] = [];
  const context = { after: (run: () => unknown) => cleanups.push(run) };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "streamed-"));
    const library = JSON.stringify(createRequire(import.meta.url).resolve("@azure/functions"));
    await writeFile(join(folder, "package.json"), '{ "main": "index.cjs" }');
    await writeFile(join(folder, "host.json"), '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }');
    await writeFile(join(folder, "index.cjs"), `globalThis.registerStreamedAnswers(require(${library}));`);
    globalThis.registerStreamedAnswers = register;
    host = await startFunctionsHost({ appFolder: folder, port: 0, log: (line) => lines.push(line) });
  });
  beforeEach(() => void (lines.length = 0));
  after(async () => {
    for (const run of cleanups) await run();
    await host.stop();
    await rm(folder, { recursive: true });
  });

  const port = () => Number(new URL(host.url).port);
  const open = (target = "/streamed", method = "GET", ...headers: readonly string[]) =>
    openRaw(context, port(), `${method} ${target} HTTP/1.1`, "Host: localhost", ...headers);

  it("arrives as it is written", async () => {
    const body = fed();
    handler = async () => Promise.resolve({ body: body.readable });
    const connection = await open();
    await body.write("first");
    assert.match(await connection.until(/first\r\n$/), /content-security-policy/i);
    await body.write("second");
    await connection.until(/second\r\n$/);
    await body.end();
    await connection.until(/\r\n0\r\n\r\n$/);
  });

  it("that fails before its first bytes is a named problem", async () => {
    const body = fed();
    handler = async () => Promise.resolve({ body: body.readable });
    const asked = fetch(`${host.url}/streamed`);
    await body.fail();
    const { status, code } = await problemOf(await asked);
    assert.deepEqual([status, code], [502, "api_unavailable"]);
  });

  it("that fails after them is broken off, so that nobody takes it for complete, and logged", async () => {
    const body = fed();
    handler = async () => Promise.resolve({ body: body.readable });
    const connection = await open();
    await body.write("half");
    await connection.until(/half\r\n$/);
    await body.fail();
    assert.equal(await connection.ended, "reset");
    assert.match(connection.received(), /half\r\n$/);
    await eventually("the log says so", () => lines.some((line) => /request_failed.*api_unavailable/.test(line)));
  });

  it("is read no faster than the browser takes it", async () => {
    const piece = Buffer.alloc(64 * 1024);
    const all = 100 * 2 ** 20;
    let given = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          given += piece.length;
          if (given > all) controller.close();
          else controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
    handler = async () => Promise.resolve({ body: source });
    const connection = await open();
    connection.socket.pause();
    let seen = -1;
    await eventually("nothing more is read", async () => {
      const same = seen === given;
      seen = given;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return same && given > 0;
    });
    assert.ok(given < 20 * 2 ** 20, `${given} bytes were read for a browser that takes none`);
    connection.socket.resume();
    await eventually("all of it arrives", () => given > all);
  });

  it("is given up when the browser has gone, and the function is told", async () => {
    const body = fed();
    const gone = Promise.withResolvers<void>();
    handler = async (_request, { connection }) => {
      connection?.gone.addEventListener("abort", () => gone.resolve());
      return Promise.resolve({ body: body.readable });
    };
    const connection = await open();
    await body.write("first");
    await connection.until(/first/);
    connection.socket.destroy();
    await gone.promise;
    await assert.rejects(body.closed);
    assert.ok(lines.every((line) => !line.includes("request_failed")));
  });

  it("is finished for a browser that has gone before its first byte, too, and the function is told", async () => {
    const started = Promise.withResolvers<void>();
    const finished = Promise.withResolvers<void>();
    handler = async (_request, { connection }) => {
      assert.ok(connection);
      started.resolve();
      await once(connection.gone, "abort");
      finished.resolve();
      return { body: "nobody reads this" };
    };
    const connection = await open();
    await started.promise;
    connection.socket.destroy();
    await finished.promise;
    await eventually("the host is done with it", () => lines.some((line) => line.includes("GET 499")));
    assert.ok(lines.every((line) => !line.includes("error")));
  });

  it("can be broken off by the function, before its first byte too", async () => {
    handler = async (_request, { connection }) => {
      connection?.endAbruptly();
      return Promise.resolve({ body: "too late" });
    };
    const response = await fetch(`${host.url}/streamed`);
    assert.deepEqual([response.status, await response.text()], [500, ""]);
  });

  it("that cannot be sent is a named failure at once", async () => {
    handler = async () => Promise.resolve({ status: 999 });
    assert.equal((await problemOf(await fetch(`${host.url}/streamed`))).code, "internal_error");
    handler = async () => Promise.reject(new Error("thrown"));
    assert.equal((await problemOf(await fetch(`${host.url}/streamed`))).code, "internal_error");
  });

  it("to HEAD closes its body", async () => {
    const body = fed();
    handler = async () => Promise.resolve({ body: body.readable });
    const response = await fetch(`${host.url}/streamed`, { method: "HEAD" });
    assert.equal(response.status, 200);
    await assert.rejects(body.closed);
  });

  it("comes although the function has not read the request's body", async () => {
    handler = async () => Promise.resolve({ status: 413, body: "too much" });
    const body = new Blob([Buffer.alloc(20 * 2 ** 20)]).stream();
    const response = await fetch(`${host.url}/streamed`, { method: "POST", body, duplex: "half" });
    assert.deepEqual([response.status, await response.text()], [413, "too much"]);
  });

  describe("to a request that a query or a JSON body pretends to be another", () => {
    interface Seen {
      readonly url: string;
      readonly params: Record<string, string>;
      readonly headers: Record<string, string>;
    }

    async function seen(target: string, headers: Record<string, string> = {}, body?: string): Promise<Seen> {
      handler = async ({ url, params, headers: given }) =>
        Promise.resolve({ jsonBody: { url, params, headers: Object.fromEntries(given) } });
      const asked = { headers, ...(body !== undefined && { method: "POST", body }) };
      return (await (await fetch(`${host.url}${target}`, asked)).json()) as Seen;
    }

    it("has the parameters of the path alone", async () => {
      for (const query of ["?api=other&more=1", "?API=other", "?Api=other&PATH=x&path=y"]) {
        assert.deepEqual((await seen(`/streamed/graph/me${query}`)).params, { api: "graph", path: "me" }, query);
      }
      const body = JSON.stringify({ api: "other", API: "other", more: 1 });
      assert.deepEqual((await seen("/streamed/graph", {}, body)).params, { api: "graph" });
    });

    it("has the headers that the browser has sent", async () => {
      const forged = JSON.stringify({ cookie: "session=forged", "sec-fetch-site": "same-origin" });
      const cookie = "session=own";
      for (const name of ["Headers", "headers", "HEADERS"]) {
        const { headers } = await seen(`/streamed?${name}=${encodeURIComponent(forged)}`, { cookie });
        assert.equal(headers["cookie"], cookie, name);
        assert.notEqual(headers["sec-fetch-site"], "same-origin", name);
        assert.equal(headers["host"], `localhost:${port()}`);
        assert.equal(headers["x-ms-invocation-id"], undefined);
      }
      const body = JSON.stringify({ Headers: { cookie: "session=forged" } });
      assert.equal((await seen("/streamed", { cookie }, body)).headers["cookie"], cookie);
    });

    it("has the path as it is without HTTP streams", async () => {
      const { url } = await seen("/streamed/graph/a%2Fb%20c/%zz?q=%2F");
      assert.equal(url, `${host.url}/streamed/graph/a%2Fb%20c/%25zz?q=%2F`);
    });
  });
});
