import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { headerOf } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { answerBytes } from "./raw-api.ts";
import { modes, startProxyStage, type ProxyStage } from "./stage.ts";

const half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";

/** What an API may do wrong before its answer is complete, by when. */
const failures: readonly [when: string, what: (socket: Socket) => void, problem: string][] = [
  ["hangs up without an answer", (socket) => socket.end(), "502 api_unavailable"],
  ["resets without an answer", (socket) => socket.resetAndDestroy(), "502 api_unavailable"],
  ["speaks no HTTP", (socket) => socket.end("hello\r\n\r\n"), "502 api_unavailable"],
  [
    "switches protocols",
    (socket) => socket.write("HTTP/1.1 101 X\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    "502 api_unavailable",
  ],
  ["wants a proxy's password", (socket) => socket.write(answerBytes("407 X")), "502 api_unavailable"],
  ["answers with a status that is none", (socket) => socket.write(answerBytes("999 X")), "502 api_unavailable"],
  ["hangs up within the head", (socket) => socket.end("HTTP/1.1 200 OK\r\nx-a"), "502 api_unavailable"],
  ["falls silent before the head", () => undefined, "504 api_timeout"],
  ["falls silent within the head", (socket) => socket.write("HTTP/1.1 200 OK\r\nx-a"), "504 api_timeout"],
  ["hangs up within the body", (socket) => socket.end(half), "502 api_unavailable"],
  ["resets within the body", (socket) => socket.write(half, () => socket.resetAndDestroy()), "502 api_unavailable"],
  ["falls silent within the body", (socket) => socket.write(half), "504 api_timeout"],
  [
    "garbles its chunks",
    (socket) => socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n"),
    "502 api_unavailable",
  ],
  [
    "hangs up between chunks",
    (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
    "502 api_unavailable",
  ],
  [
    "sends a length, and chunks as well",
    (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    "502 api_unavailable",
  ],
];

for (const [mode, streaming] of modes) {
  describe(`what breaks on its way through the app, ${mode}`, () => {
    let stage: ProxyStage;
    before(async () => {
      stage = await startProxyStage(streaming, { TimeoutSeconds: "1", IdleTimeoutSeconds: "1" });
    });
    after(() => stage.stop());
    beforeEach(() => {
      stage.api.calls.splice(0);
      stage.api.take(undefined);
    });

    const works = async () => {
      stage.api.answer((socket) => socket.write(answerBytes("200 OK", [], "ok")));
      assert.equal((await stage.ask("GET", "x")).body, "ok");
    };

    for (const [when, what, problem] of failures) {
      it(`because the API ${when} is the API's failure, and nobody else's`, async () => {
        stage.api.answer(what);
        // What has begun to go to the browser breaks off there, too.
        if (streaming && /body|chunks$/.test(when)) await assert.rejects(stage.ask("GET", "x"), /Not one answer but 0/);
        else {
          const answer = await stage.ask("GET", "x");
          assert.equal(`${answer.status} ${headerOf(answer, "bff-problem")}`, problem);
        }
        await works();
      });
    }

    it("because the API answers before it has the whole request is no failure: the answer counts", async () => {
      stage.api.take((socket, data) => {
        if (data.includes("content-length: 4194304")) socket.end(answerBytes("413 Content Too Large", [], "too large"));
      });
      const answer = await stage.ask("PUT", "x", [], Buffer.alloc(4 * 1024 * 1024));
      assert.ok([413, 502].includes(answer.status), String(answer.status));
      stage.api.take(undefined);
      await works();
    });

    it("because the browser goes before its request is complete never reaches the API", async () => {
      const socket = stage.open(`${stage.head("POST", "x", ["Content-Length: 10"])}\r\n\r\nhalf`);
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.destroy();
      await works();
      assert.equal(stage.api.calls.length, 1);
    });

    it("because the browser goes before the answer leaves the app at work", async () => {
      const reached = Promise.withResolvers<Socket>();
      stage.api.answer((socket) => reached.resolve(socket));
      const browser = stage.open(`${stage.head("GET", "x")}\r\n\r\n`);
      const socket = await reached.promise;
      browser.destroy();
      socket.write(answerBytes("200 OK", [], "nobody reads this"));
      await works();
    });

    it("leaves no connection behind that nobody uses", async () => {
      await works();
      // One that is kept for the next call.
      await eventually("the API has one connection", () => stage.api.sockets.size <= 1);
    });
  });
}
