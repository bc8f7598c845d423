import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { after, before, beforeEach, describe, it, type TestContext } from "node:test";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { openRaw } from "@entra-functions-bff/stand-in-kit/raw-connection";
import { signIn } from "../support/world.ts";
import { answerBytes } from "./raw-api.ts";
import { largestRequest, readAll, startProxyStage, type ProxyStage } from "./stage.ts";

const mib = 1_048_576;
const piece = Buffer.alloc(mib, "x");
const chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const events = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = (data: string | Buffer) =>
  Buffer.concat([Buffer.from(`${Buffer.byteLength(data).toString(16)}\r\n`), Buffer.from(data), Buffer.from("\r\n")]);

describe("streams on their way through the app", () => {
  let stage: ProxyStage;
  before(async () => {
    stage = await startProxyStage(true, { MaxRequestBytes: String(largestRequest) }, { MaxRequestBytes: "131072" });
  });
  after(() => stage.stop());
  beforeEach(() => {
    stage.api.calls.splice(0);
    stage.api.take(undefined);
  });

  /** The most that the app's process has had in memory so far. */
  const peak = () => {
    const status = readFileSync(`/proc/${stage.world.instances[0]?.pid}/status`, "utf8");
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
  };
  const port = () => Number(new URL(stage.world.publicBaseUrl).port);
  const ask = async (test: TestContext, path: string) =>
    openRaw(test, port(), ...stage.head("GET", path).split("\r\n"));
  /** Reads an answer of `size` bytes, and says how much memory was used at most so far. */
  const download = async (size: number) => {
    stage.api.answer((socket) => void write(socket, `HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`, size));
    let received = 0;
    const browser = stage.open(`${stage.head("GET", "large", ["Connection: close"])}\r\n\r\n`);
    browser.on("data", (data: Buffer) => void (received += data.length));
    await once(browser, "close");
    assert.ok(received > size && received < size + 64 * 1_024, String(received));
    return peak();
  };
  /** The connection on which the API has got the next call. */
  const nextCall = async () => new Promise<Socket>((resolve) => stage.api.answer((socket) => resolve(socket)));

  it("bring each event as soon as the API sends it", async (test) => {
    const called = nextCall();
    const browser = await ask(test, "events");
    const api = await called;
    for (const [index, count] of ["first", "second", "third"].entries()) {
      const sentAt = performance.now();
      api.write(Buffer.concat([Buffer.from(index === 0 ? events : ""), chunk(`data: ${count}\n\n`)]));
      await browser.until(new RegExp(`data: ${count}\\n\\n`));
      assert.ok(performance.now() - sentAt < 250, `${performance.now() - sentAt} ms`);
    }
    api.write("0\r\n\r\n");
    await browser.until(/\r\n0\r\n\r\n$/);
    assert.match(browser.received(), /content-type: text\/event-stream/i);
  });

  it("of a gigabyte take no more memory than smaller ones", async () => {
    // As much as it takes until the garbage collector has found its pace.
    const usual = await download(256 * mib);
    const more = (await download(1_024 * mib)) - usual;
    assert.ok(more < 64 * mib, `${Math.round(more / mib)} MiB more`);
  });

  it("go no faster than the browser reads", async (test) => {
    let sent = 0;
    stage.api.answer((socket) => {
      socket.write(chunked);
      const more = (error?: Error | null) => {
        if (error) return;
        sent += piece.length;
        if (sent < 256 * mib) socket.write(chunk(piece), more);
      };
      more();
    });
    const { socket } = await ask(test, "large");
    socket.pause();
    await eventually("the API is held back", async () => {
      const sentBefore = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return sentBefore > 0 && sent === sentBefore;
    });
    assert.ok(sent < 64 * mib, `${Math.round(sent / mib)} MiB`);
  });

  it("end at the API at once when the browser goes: before the answer, and within it", async (test) => {
    for (const begun of [false, true]) {
      const called = nextCall();
      const browser = await ask(test, "events");
      const api = await called;
      if (begun) {
        api.write(Buffer.concat([Buffer.from(events), chunk("data: 1\n\n")]));
        await browser.until(/data: 1/);
      }
      const closed = once(api, "close");
      browser.socket.destroy();
      await Promise.race([
        closed,
        new Promise((_, reject) => setTimeout(() => reject(new Error("still open")), 2_000)),
      ]);
    }
  });

  it("go up as they come, and no faster than the API takes them", async () => {
    const size = 500 * mib;
    const start = peak();
    let isHeld = true;
    let atApi = 0;
    let last = "";
    stage.api.take((socket, data) => {
      atApi += data.length;
      last = (last + data.toString("latin1", Math.max(0, data.length - 7))).slice(-7);
      if (isHeld && atApi > mib) socket.pause();
      if (last === "\r\n0\r\n\r\n") socket.write(answerBytes("200 OK", [], "taken"));
    });
    const browser = connect(port(), "127.0.0.1");
    // The Functions host reads a body whose length it knows before it calls the app.
    browser.write(`${stage.head("PUT", "upload", ["Transfer-Encoding: chunked", "Connection: close"])}\r\n\r\n`);
    let sent = 0;
    const sending = (async () => {
      const chunkOfPiece = chunk(piece);
      for (; sent < size; sent += piece.length) {
        if (!browser.write(chunkOfPiece)) await once(browser, "drain");
      }
      browser.write("0\r\n\r\n");
    })();
    await eventually("the browser is held back", async () => {
      const sentBefore = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return atApi > mib && sent === sentBefore;
    });
    assert.ok(sent < 48 * mib, `${Math.round(sent / mib)} MiB`);
    isHeld = false;
    for (const socket of stage.api.sockets) socket.resume();
    let answer = "";
    browser.on("data", (data: Buffer) => void (answer += data.toString("latin1")));
    await Promise.all([sending, once(browser, "close")]);
    assert.match(answer, /^HTTP\/1.1 200 [^]*taken/);
    assert.ok(atApi >= size, String(atApi));
    assert.ok(peak() - start < 96 * mib, `${Math.round((peak() - start) / mib)} MiB more`);
  });

  it("that go up for longer than the API's settings allow are refused, and the API is not to blame", async () => {
    stage.api.take(() => undefined);
    // One more than the failures after which an API counts as down.
    for (let count = 0; count < 6; count++) assert.match(await uploadTooMuch(), /^HTTP\/1.1 413 [^]*body_too_large/);
    stage.api.take(undefined);
    stage.api.answer((socket) => socket.write(answerBytes("200 OK", [], "up")));
    const head = stage.head("GET", "x", ["Connection: close"]).replace("/api/raw/", "/api/small/");
    assert.match((await readAll(stage.open(`${head}\r\n\r\n`))).toString("latin1"), /^HTTP\/1.1 200 /);
  });

  async function uploadTooMuch(): Promise<string> {
    const head = stage.head("PUT", "upload", ["Transfer-Encoding: chunked", "Connection: close"]);
    const browser = stage.open(`${head.replace("/api/raw/", "/api/small/")}\r\n\r\n`);
    for (let count = 0; count < 3; count++) browser.write(chunk(piece));
    browser.write("0\r\n\r\n");
    return (await readAll(browser)).toString("latin1");
  }

  it("that a sign-out ends break off within ten seconds, wherever it began", async (test) => {
    const called = nextCall();
    const browser = await ask(test, "events");
    const api = await called;
    const closed = once(api, "close");
    api.write(Buffer.concat([Buffer.from(events), chunk("data: 1\n\n")]));
    await browser.until(/data: 1/);
    const elsewhere = stage.world.client();
    await signIn(elsewhere, "ada@contoso.example", "/healthz");
    const headers = { origin: stage.world.publicBaseUrl };
    assert.equal((await elsewhere.fetch("/auth/logout", { method: "POST", headers })).status, 303);
    const signedOutAt = performance.now();
    assert.equal(await browser.ended, "reset");
    await closed;
    assert.ok(performance.now() - signedOutAt < 10_000, `${performance.now() - signedOutAt} ms`);
    assert.doesNotMatch(browser.received(), /\r\n0\r\n\r\n$/);
  });
});

async function write(socket: Socket, head: string, size: number): Promise<void> {
  socket.write(head);
  for (let sent = 0; sent < size && !socket.destroyed; sent += piece.length) {
    if (!socket.write(piece)) await once(socket, "drain");
  }
}
