import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RawAnswer } from "@entra-functions-bff/stand-in-kit/raw-answers";
import { judge } from "./judge.ts";

const origins = { app: "http://localhost:7071", identityProvider: "http://127.0.0.1:7072" };
const bare500: RawAnswer = {
  status: 500,
  headers: [["content-length", "0"]],
  body: "",
  lines: [],
  bytes: Buffer.alloc(0),
};

/** Each character a byte. */
function isExcused(head: string, answer = bare500): boolean {
  return judge(Buffer.from(`${head}\r\n\r\n`, "latin1"), answer, origins).length === 0;
}

const bytes = (text: string) => Buffer.from(text).toString("latin1");

describe("the host's empty 500 is excused", () => {
  it("for a character above U+00FF in the value of a header", () => {
    assert.equal(isExcused(`GET / HTTP/1.1\r\nhost: x\r\ncookie: theme=${bytes("日本")}`), true);
    assert.equal(isExcused(`GET / HTTP/1.1\r\nx-own: ${bytes("Ā")}`), true);
    assert.equal(isExcused(`GET / HTTP/1.1\r\nx-own: ${bytes("😀")}`), true);
  });

  it("for nothing else", () => {
    const others = {
      "an ordinary request": "GET / HTTP/1.1\r\nhost: x",
      "a character up to U+00FF": `GET / HTTP/1.1\r\ncookie: theme=${bytes("é\u00a0ÿ")}`,
      "bytes that are no UTF-8": "GET / HTTP/1.1\r\ncookie: theme=\xe9\xff",
      "half a character": `GET / HTTP/1.1\r\ncookie: theme=${bytes("日").slice(0, 2)}`,
      "a character above U+00FF in the request line": `GET /${bytes("日本")} HTTP/1.1\r\nhost: x`,
      "one in the name of a header": `GET / HTTP/1.1\r\n${bytes("日本")}: x`,
      "one in the body": `POST / HTTP/1.1\r\nhost: x\r\n\r\n${bytes("日本")}`,
      "one that is encoded": "GET / HTTP/1.1\r\ncookie: theme=%E6%97%A5",
    };
    for (const [what, head] of Object.entries(others)) assert.equal(isExcused(head), false, what);
  });

  it("only where it is the host's: an answer with a body or a header of the app's is the app's", () => {
    const odd = `GET / HTTP/1.1\r\ncookie: theme=${bytes("日本")}`;
    assert.equal(isExcused(odd, { ...bare500, body: "x" }), false);
    assert.equal(isExcused(odd, { ...bare500, headers: [["cache-control", "no-store"]] }), false);
    assert.equal(isExcused(odd, { ...bare500, status: 502 }), false);
  });
});
