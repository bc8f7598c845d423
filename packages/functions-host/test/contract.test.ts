/**
 * What a functions host does over HTTP, whichever it is: the project's own, that of `HOST_UNDER_TEST`, or one that runs
 * already at `FUNCTIONS_HOST_URL` with the app that `write-contract-app.ts` writes.
 */
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, before, describe, it } from "node:test";
import { startAppInstance, type AppInstance } from "../src/instance.ts";
import { headerOf, onlyAnswer, type RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { contractHostJson, makeAppFolder, sendRaw } from "./fixtures/harness.ts";

const givenUrl = process.env["FUNCTIONS_HOST_URL"];

function assertEmpty500(answer: RawAnswer): void {
  assert.deepEqual([answer.status, answer.body], [500, ""]);
}

describe("a functions host", () => {
  let url: string;
  let instance: AppInstance | undefined;
  const cleanups: (() => unknown)[] = [];
  before(async () => {
    if (givenUrl === undefined) {
      const context = { after: (run: () => unknown) => cleanups.push(run) };
      const appFolder = await makeAppFolder(context, { entry: "contract-app.ts", hostJson: contractHostJson });
      const { PATH, HOME } = process.env;
      const environment = { PATH, HOME, FunctionsHost__KeyReadMs: "0", FunctionsHost__FunctionKey: "function" };
      instance = await startAppInstance({ appFolder, port: 0, environment });
    }
    url = givenUrl ?? instance?.url ?? assert.fail();
  });
  after(async () => {
    await instance?.stop();
    for (const run of cleanups) await run();
  });

  /** Sends a request as it is, on a connection of its own. A Host is added unless there is one. */
  async function exchange(first: string, headers: readonly string[] = [], encoding: BufferEncoding = "utf8") {
    const host = headers.some((line) => /^host:/i.test(line)) ? [] : [`Host: ${new URL(url).host}`];
    const text = [first, ...host, "Connection: close", ...headers].join("\r\n");
    const received = await sendRaw(Number(new URL(url).port), Buffer.from(`${text}\r\n\r\n`, encoding));
    return onlyAnswer(Buffer.from(received, "latin1"), { head: first.startsWith("HEAD ") });
  }

  const get = (path: string, headers: readonly string[] = []) => exchange(`GET ${path} HTTP/1.1`, headers);

  it("an answer is chunked, and tells no length", async () => {
    const answer = await get("/plain");
    assert.equal(answer.body, "plain text");
    assert.deepEqual(
      [headerOf(answer, "transfer-encoding"), headerOf(answer, "content-length")],
      ["chunked", undefined],
    );
  });

  it("an answer to HEAD has neither length, chunks nor body", async () => {
    const answer = await exchange("HEAD /plain HTTP/1.1");
    assert.equal(answer.status, 200);
    assert.deepEqual(
      [headerOf(answer, "content-length"), headerOf(answer, "transfer-encoding")],
      [undefined, undefined],
    );
  });

  it("header names that Kestrel knows have its spelling", async () => {
    const names = (await get("/headers")).lines.map((line) => line.slice(0, line.indexOf(":")));
    for (const name of ["Cache-Control", "ETag", "x-frame-options", "Date"])
      assert.ok(names.includes(name), names.join());
  });

  it("a method is known in any case, on a connection that is used again, too", async () => {
    assert.deepEqual(
      [(await exchange("get /method HTTP/1.1")).status, (await exchange("Get /method HTTP/1.1")).status],
      [200, 200],
    );
    for (const round of ["first", "second"]) {
      // fetch sends this method as it is spelled.
      const answer = await fetch(`${url}/method`, { method: "patch" });
      assert.equal((await answer.text()).toLowerCase(), "patch", round);
    }
  });

  it("a method that no function has here is 404", async () => {
    assert.equal((await exchange("DELETE /plain HTTP/1.1")).status, 404);
  });

  it("a Content-Length above 100 MB is an empty 500", async () => {
    assertEmpty500(await exchange("POST /body HTTP/1.1", ["Content-Length: 104857601"]));
  });

  it("an empty Host is an empty 500, a missing one 400", async () => {
    assertEmpty500(await get("/plain", ["Host:"]));
    const received = await sendRaw(Number(new URL(url).port), "GET /plain HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert.equal(onlyAnswer(Buffer.from(received, "latin1")).status, 400);
  });

  it("a header with a character above U+00FF is an empty 500", async () => {
    assertEmpty500(await get("/plain", ["Cookie: theme=日本"]));
    assertEmpty500(await get("/plain", ["X-Anything: €"]));
    assert.equal((await get("/plain", ["X-Anything: é"])).status, 200, "U+00E9 is not above it");
  });

  it("a header in Latin-1 is 400", async () => {
    assert.equal((await exchange("GET /plain HTTP/1.1", ["X-Anything: é"], "latin1")).status, 400);
  });

  it("every cookie is a Set-Cookie header of its own", async () => {
    const cookies = (await get("/cookies")).headers.filter(([name]) => name === "set-cookie");
    assert.deepEqual(
      cookies.map(([, value]) => value),
      ["a=1; path=/", "b=2; path=/"],
    );
  });

  it("nothing returned is 204, a throw an empty 500", async () => {
    assert.equal((await get("/nothing")).status, 204);
    assertEmpty500(await get("/throws"));
  });

  it("a request without traceparent arrives sampled, and a caller's decision stands", async () => {
    assert.match((await get("/trace")).body, /-01$/);
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const unsampled = await get("/trace", [`traceparent: 00-${trace}-b7ad6b7169203331-00`]);
    assert.match(unsampled.body, new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`));
  });

  it("a function with a key is 401 without one", async () => {
    assert.equal((await get("/closed")).status, 401);
    assert.equal((await get("/closed?code=wrong")).status, 401);
  });

  it("code in the query of an anonymous function reaches it", async () => {
    assert.equal((await get("/code?code=an-authorization-code")).body, "an-authorization-code");
  });

  it("a connection is used again after an answer", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports: unknown[] = [];
    for (let round = 0; round < 2; round += 1) {
      await new Promise<void>((resolve, reject) => {
        const sent = request(`${url}/plain`, { agent }, (answer) => {
          ports.push(answer.socket.localPort);
          answer.resume().once("end", resolve);
        });
        sent.once("error", reject).end();
      });
    }
    agent.destroy();
    assert.equal(ports[0], ports[1]);
  });
});
