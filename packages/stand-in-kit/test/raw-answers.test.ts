import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyAnswer, parseAnswers } from "../src/raw-answers.ts";

function parse(text: string, options = {}) {
  const { answers, rest } = parseAnswers(Buffer.from(text), options);
  return { bodies: answers.map(({ status, body }) => `${status} ${body}`), rest };
}

test("answers with a length, with chunks and without a body are read one after another, interim ones left out", () => {
  const text =
    "HTTP/1.1 100 Continue\r\n\r\n" +
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab" +
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n" +
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n" +
    "HTTP/1.1 204 No Content\r\n\r\n";
  assert.deepEqual(parse(text), { bodies: ["200 ab", "200 abc0123456789", "304 ", "204 "], rest: 0 });
});

test("an answer that is cut off anywhere is not there yet", () => {
  const text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (let length = 1; length < text.length; length += 1) {
    assert.deepEqual(parse(text.slice(0, length)), { bodies: [], rest: length }, text.slice(0, length));
  }
});

test("an answer to HEAD has no body, whatever its length says; one without a length ends with the connection", () => {
  const text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  assert.deepEqual(parse(text, { head: true }), { bodies: ["200 "], rest: 0 });
  assert.deepEqual(parse("HTTP/1.1 200 OK\r\n\r\nall", { ended: true }), { bodies: ["200 all"], rest: 0 });
});

test("what is no answer is an error, not an empty list", () => {
  assert.throws(() => parse("HTTP/2 200\r\n\r\n"), SyntaxError);
  assert.throws(() => parse("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), SyntaxError);
  assert.throws(() => onlyAnswer(Buffer.from("")), SyntaxError);
});
