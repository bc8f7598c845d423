import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { headerOf, type RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { answerBytes } from "./raw-api.ts";
import { modes, startProxyStage, type ProxyStage } from "./stage.ts";

const kib = 1024;
const bytesOf = (size: number) =>
  randomBytes(Math.min(size, 64 * kib))
    .toString("latin1")
    .repeat(Math.ceil(size / (64 * kib)));
const binary = (size: number) => Buffer.from(bytesOf(size).slice(0, size), "latin1");
const hash = (data: Buffer) => createHash("sha256").update(data).digest("hex");

for (const [mode, streaming] of modes) {
  describe(`messages on their way through the app, ${mode}`, () => {
    let stage: ProxyStage;
    before(async () => {
      stage = await startProxyStage(streaming);
    });
    after(() => stage.stop());
    beforeEach(() => stage.api.calls.splice(0));

    const answering = (status: string, fields: readonly string[] = [], body: string | Buffer = "") => {
      stage.api.answer((socket) => socket.write(answerBytes(status, fields, body)));
    };
    const get = async (fields?: readonly string[]): Promise<RawAnswer> => stage.ask("GET", "x", fields);

    for (const size of [0, 1, 64 * kib - 1, 64 * kib, 1_000 * kib, 8_192 * kib]) {
      it(`with ${size} bytes arrive byte for byte, both ways`, async () => {
        const body = binary(size);
        answering("200 OK", ["Content-Type: application/octet-stream"], body);
        const answer = await stage.ask("PUT", "x", ["Content-Type: application/octet-stream"], body);
        assert.equal(hash(answer.bytes), hash(body));
        assert.equal(headerOf(answer, "content-length"), String(size));
        assert.equal(hash(stage.api.calls[0]?.body ?? Buffer.alloc(0)), hash(body));
      });
    }

    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      it(`of ${method} reach the API with and without a body`, async () => {
        answering("200 OK");
        await stage.ask(method, "x", [], "body");
        await stage.ask(method, "x");
        const seen = stage.api.calls.map(({ line, body }) => [line, body.toString()]);
        assert.deepEqual(seen, [
          [`${method} /base/x HTTP/1.1`, "body"],
          [`${method} /base/x HTTP/1.1`, ""],
        ]);
      });
    }

    it("in chunks arrive whole", async () => {
      const chunks = "5\r\nfirst\r\n7;name=value\r\n second\r\n0\r\nX-Trailer: dropped\r\n\r\n";
      stage.api.answer((socket) => socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks}`));
      const answer = await get();
      assert.equal(answer.body, "first second");
      assert.equal(headerOf(answer, "x-trailer"), undefined);
    });

    it("that end with their connection arrive whole", async () => {
      stage.api.answer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
      assert.equal((await get()).body, "until the end");
    });

    for (const [encoding, packed] of [
      ["gzip", gzipSync("packed")],
      ["br", brotliCompressSync("packed")],
      ["zstd", Buffer.from("28b52ffd", "hex")],
      ["gzip, br", randomBytes(20)],
    ] as const) {
      it(`that are encoded (${encoding}) stay so`, async () => {
        answering("200 OK", [`Content-Encoding: ${encoding}`], packed);
        const answer = await get(["Accept-Encoding: gzip, br, zstd"]);
        assert.deepEqual([headerOf(answer, "content-encoding"), answer.bytes], [encoding, packed]);
      });
    }

    it("of a part of a file say which", async () => {
      answering(
        "206 Partial Content",
        ["Content-Range: bytes 0-9/30", "Accept-Ranges: bytes", 'ETag: "v2"'],
        "0123456789",
      );
      const answer = await get(["Range: bytes=0-9", 'If-Range: "v2"']);
      const sent = new Map(stage.api.calls[0]?.fields);
      assert.deepEqual([sent.get("range"), sent.get("if-range")], ["bytes=0-9", '"v2"']);
      assert.deepEqual([answer.status, headerOf(answer, "content-range")], [206, "bytes 0-9/30"]);
      answering("200 OK", ['ETag: "v3"'], "the whole file");
      assert.deepEqual([(await get()).status, (await get()).body], [200, "the whole file"]);
      answering("416 Range Not Satisfiable", ["Content-Range: bytes */30"]);
      assert.equal(headerOf(await get(["Range: bytes=40-"]), "content-range"), "bytes */30");
    });

    it("of several parts stay as they are", async () => {
      const type = 'multipart/form-data; boundary="b"';
      const parts = '--b\r\ncontent-disposition: form-data; name="f"; filename="ä"\r\n\r\n\u0000\u00ff\r\n--b--\r\n';
      answering("200 OK", ["Content-Type: multipart/byteranges; boundary=b"], Buffer.from(parts, "latin1"));
      const answer = await stage.ask("POST", "x", [`Content-Type: ${type}`], Buffer.from(parts, "latin1"));
      assert.equal(new Map(stage.api.calls[0]?.fields).get("content-type"), type);
      assert.equal(stage.api.calls[0]?.body.toString("latin1"), parts);
      assert.equal(answer.bytes.toString("latin1"), parts);
    });

    it("in answer to HEAD have a head alone, with the length that GET has", async () => {
      stage.api.answer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1234\r\netag: "1"\r\n\r\n'));
      const answer = await stage.ask("HEAD", "x");
      assert.deepEqual(
        [answer.status, headerOf(answer, "content-length"), headerOf(answer, "etag"), answer.bytes.length],
        [200, "1234", '"1"', 0],
      );
      assert.match(stage.api.calls[0]?.line ?? "", /^HEAD /);
    });

    it("that come ahead of the answer (1xx) are not taken for it", async () => {
      const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n";
      stage.api.answer((socket) => {
        socket.write(interim);
        socket.write(answerBytes("200 OK", [], "the answer"));
      });
      const answer = await get();
      assert.deepEqual([answer.status, answer.body, headerOf(answer, "link")], [200, "the answer", undefined]);
    });

    for (const status of ["204 No Content", "304 Not Modified"]) {
      it(`without a body (${status}) have none`, async () => {
        answering(status, ['ETag: "1"']);
        const answer = await get();
        assert.deepEqual(
          [answer.status, answer.bytes.length, headerOf(answer, "etag")],
          [Number(status.slice(0, 3)), 0, '"1"'],
        );
      });
    }

    for (const status of [
      "400 Bad Request",
      "404 Not Found",
      "409 Conflict",
      "412 Precondition Failed",
      "422 X",
      "429 X",
      "451 X",
    ]) {
      it(`that say no (${status}) keep what they say`, async () => {
        answering(status, ["Content-Type: application/problem+json", "Retry-After: 7"], '{"errors":{}}');
        const answer = await get();
        assert.deepEqual(
          [answer.status, answer.body, headerOf(answer, "retry-after"), headerOf(answer, "bff-problem")],
          [Number(status.slice(0, 3)), '{"errors":{}}', "7", undefined],
        );
      });
    }

    for (const status of ["500 X", "502 X", "503 X", "599 X"]) {
      it(`that tell of the API's trouble (${status}) are its own`, async () => {
        answering(status, [], "theirs");
        const answer = await get();
        assert.deepEqual([answer.status, answer.body], [Number(status.slice(0, 3)), "theirs"]);
      });
    }

    if (!streaming) {
      it("of the API that do not fit into memory are refused before they are read", async () => {
        stage.api.answer((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 33554433\r\n\r\n"));
        const told = await get();
        assert.equal(`${told.status} ${headerOf(told, "bff-problem")}`, "502 answer_too_large");
        let sent = 0;
        stage.api.answer((socket) => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          // A write that fails says so at once: what asked for another then would never let anything else happen.
          const more = (error?: Error | null) => {
            if (error) return;
            sent += 1_000 * kib;
            socket.write(Buffer.alloc(1_000 * kib), more);
          };
          more();
        });
        const untold = await get();
        assert.equal(`${untold.status} ${headerOf(untold, "bff-problem")}`, "502 answer_too_large");
        assert.ok(sent < 64_000 * kib, `${sent} bytes`);
      });

      it("that are streams of events say which setting they need", async () => {
        stage.api.answer((socket) =>
          socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n"),
        );
        const answer = await get();
        assert.equal(`${answer.status} ${headerOf(answer, "bff-problem")}`, "501 streaming_off");
        assert.match(answer.body, /Http__Streaming/);
      });
    }
  });
}
