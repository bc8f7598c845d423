import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { HttpRequest, HttpResponse, InvocationContext, type HttpResponseInit } from "@azure/functions";
import { wholeAnswers } from "../../functions/whole-answers.ts";

async function answerTo(given: HttpResponseInit): Promise<HttpResponse | HttpResponseInit> {
  const request = new HttpRequest({ url: "http://localhost/", method: "GET" });
  return wholeAnswers(async () => Promise.resolve(given))(request, new InvocationContext());
}

describe("a body of bytes", () => {
  const cookies = [{ name: "a", value: "b" }];

  test("reaches the programming model as it is, with status, headers and cookies", async () => {
    const answer = await answerTo({ status: 201, headers: { "x-a": "1" }, cookies, body: Buffer.from("bytes") });
    assert.ok(answer instanceof HttpResponse);
    assert.deepEqual([answer.status, answer.headers.get("x-a"), answer.cookies], [201, "1", cookies]);
    assert.equal(Buffer.from(await answer.arrayBuffer()).toString(), "bytes");
  });

  test("reaches it without what else is in the same memory", async () => {
    const memory = Buffer.from("another person's answer, and this one");
    const answer = await answerTo({ body: memory.subarray(-"this one".length) });
    assert.ok(answer instanceof HttpResponse);
    assert.equal(Buffer.from(await answer.arrayBuffer()).toString(), "this one");
  });

  test("can be read by a hook of the app, before the programming model reads it", async () => {
    const answer = await answerTo({ headers: { "content-type": "application/json" }, body: Buffer.from('{"a":1}') });
    assert.ok(answer instanceof HttpResponse);
    assert.deepEqual(await answer.json(), { a: 1 });
    assert.equal(await answer.text(), '{"a":1}');
    assert.equal((await answer.blob()).type, "application/json");
    assert.equal(Buffer.from(await answer.arrayBuffer()).toString(), '{"a":1}');
  });
});

const others: readonly [what: string, answer: HttpResponseInit][] = [
  ["a status that has no body", { status: 204, body: Buffer.from("bytes") }],
  ["text", { body: "text" }],
  ["JSON, which takes precedence over a body", { jsonBody: {}, body: Buffer.from("bytes") }],
  ["nothing", {}],
];

describe("left to the programming model is", () => {
  for (const [what, answer] of others) test(what, async () => assert.equal(await answerTo(answer), answer));
});
