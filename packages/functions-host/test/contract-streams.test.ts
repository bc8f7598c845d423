/**
 * What a functions host does over HTTP with an app that has HTTP streams, whichever host it is: see `contract.test.ts`. One
 * that runs already must have been started with `CONTRACT_HTTP_STREAMS=true`, and is named by `FUNCTIONS_HOST_STREAMS_URL`.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startAppInstance, type AppInstance } from "../src/instance.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { headerOf, onlyAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { contractHostJson, makeAppFolder, sendRaw } from "./fixtures/harness.ts";
import { openRaw, type RawConnection } from "@entra-functions-bff/stand-in-kit/raw-connection";

const givenUrl = process.env["FUNCTIONS_HOST_STREAMS_URL"];

describe("a functions host with HTTP streams", () => {
  let url: string;
  let instance: AppInstance | undefined;
  const cleanups: (() => unknown)[] = [];
  const context = { after: (run: () => unknown) => cleanups.push(run) };
  before(async () => {
    if (givenUrl === undefined) {
      const appFolder = await makeAppFolder(context, { entry: "contract-app.ts", hostJson: contractHostJson });
      const { PATH, HOME } = process.env;
      instance = await startAppInstance({
        appFolder,
        port: 0,
        environment: { PATH, HOME, CONTRACT_HTTP_STREAMS: "true" },
      });
    }
    url = givenUrl ?? instance?.url ?? assert.fail();
  });
  after(async () => {
    await instance?.stop();
    for (const run of cleanups) await run();
  });

  const port = () => Number(new URL(url).port);
  const open = (target: string): Promise<RawConnection> =>
    openRaw(context, port(), `GET ${target} HTTP/1.1`, `Host: localhost:${port()}`);

  /** Sends a request on a connection of its own. */
  async function exchange(method: string, target: string, headers: readonly string[] = [], body = "") {
    const head = [`${method} ${target} HTTP/1.1`, `Host: localhost:${port()}`, "Connection: close", ...headers];
    const received = await sendRaw(port(), `${head.join("\r\n")}\r\n\r\n${body}`);
    return onlyAnswer(Buffer.from(received, "latin1"), { head: method === "HEAD" });
  }

  it("the first bytes of a body arrive while the function still writes", async () => {
    const connection = await open("/chunks");
    assert.doesNotMatch(await connection.until(/first/), /second/);
    await connection.until(/second[^]*\r\n0\r\n\r\n$/);
  });

  it("an answer is chunked unless the function tells its length, and says whose it is", async () => {
    const answer = await exchange("GET", "/plain");
    assert.deepEqual(
      [answer.body, headerOf(answer, "transfer-encoding"), headerOf(answer, "content-length")],
      ["plain text", "chunked", undefined],
    );
    assert.match(headerOf(answer, "x-ms-invocation-id") ?? "", /^[0-9a-f-]{36}$/);
  });

  it("an answer to HEAD has neither length, chunks nor body when streamed", async () => {
    const answer = await exchange("HEAD", "/plain");
    assert.deepEqual(
      [answer.status, headerOf(answer, "content-length"), headerOf(answer, "transfer-encoding")],
      [200, undefined, undefined],
    );
  });

  it("a chunked body reaches the function", async () => {
    const answer = await exchange("POST", "/body", ["Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n");
    assert.equal(answer.body, "hello");
  });

  it("a response that the worker destroys resets the browser's connection", async () => {
    const connection = await open("/broken-off");
    assert.equal(await connection.ended, "reset");
    assert.match(connection.received(), /half\r\n$/);
  });

  it("a browser that goes away closes the response in the worker", async () => {
    const connection = await open("/endless");
    await connection.until(/first/);
    const earlier = Number((await exchange("GET", "/gone")).body);
    connection.socket.destroy();
    await eventually("the worker knows", async () => Number((await exchange("GET", "/gone")).body) === earlier + 1);
  });

  it("params has the query's members, and the path's own win", async () => {
    const { body } = await exchange("GET", "/mirror/graph/me?api=other&more=1");
    assert.deepEqual((JSON.parse(body) as { params: unknown }).params, { api: "graph", path: "me", more: "1" });
  });

  it("a query member named Headers replaces the headers", async () => {
    const { body } = await exchange("GET", `/mirror/graph/me?Headers=${encodeURIComponent('{"cookie":"forged"}')}`);
    assert.deepEqual((JSON.parse(body) as { headers: unknown }).headers, { cookie: "forged" });
  });

  it("what looks encoded in the path is encoded once more", async () => {
    const { body } = await exchange("GET", "/mirror/graph/a%2Fb");
    assert.match((JSON.parse(body) as { url: string }).url, /\/mirror\/graph\/a%252Fb$/);
  });

  it("what no function answers is 404 all the same", async () => {
    assert.equal((await exchange("GET", "/unknown")).status, 404);
    assert.equal((await exchange("DELETE", "/plain")).status, 404);
  });
});
