import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { markedAnswer, unmarkedRequest } from "../../shared/downstream/private-caching.ts";
import type { ResolvedSession } from "../../shared/session/resolve.ts";
import { testApp } from "./support/app.ts";
import { signIn, visit } from "./support/sessions.ts";

let ada: ResolvedSession;
let ben: ResolvedSession;

before(async () => {
  const app = testApp();
  const visitOf = async (person: string) => (await visit(app, await signIn(app, person))) ?? assert.fail();
  [ada, ben] = [await visitOf("ada"), await visitOf("ben")];
});

const tagFor = (session: ResolvedSession, etag = '"v1"') => {
  return markedAnswer(session, null, { etag })["etag"] ?? assert.fail("not kept");
};
const asked = (session: ResolvedSession, fields: Record<string, string>) => unmarkedRequest(session, fields);

describe("where the settings allow it, browsers keep", () => {
  test("what has an entity tag, for one session and to be checked before each use", () => {
    const { etag = "", ...fields } = markedAnswer(ada, "public, max-age=3600", { etag: 'W/"v1"' });
    assert.match(etag, /^W\/"v1~[\w-]{8}"$/);
    assert.deepEqual(fields, { "cache-control": "private, no-cache" });
    assert.notEqual(tagFor(ada), tagFor(ben));
  });

  test("nothing else: no tag, or an API that says no", () => {
    assert.deepEqual(markedAnswer(ada, "max-age=3600", { "last-modified": "x" }), {});
    assert.deepEqual(markedAnswer(ada, "private, No-Store", { etag: '"v1"' }), {});
    assert.deepEqual(markedAnswer(ada, null, { etag: "v1" }), {});
  });
});

describe("the API is asked", () => {
  test("about the session's own copy, by the API's own tag", () => {
    const fields = { "if-none-match": `${tagFor(ada)}, ${tagFor(ada, 'W/"v2"')}`, "if-modified-since": "x" };
    assert.deepEqual(asked(ada, fields), { "if-none-match": '"v1", W/"v2"', "if-modified-since": "x" });
  });

  test("anew where the copy is another session's", () => {
    const fields = { accept: "*/*", "if-none-match": tagFor(ada), "if-modified-since": "x" };
    assert.deepEqual(asked(ben, fields), { accept: "*/*" });
  });

  test("to change what has this tag, also if the tag came to an earlier session", () => {
    assert.deepEqual(asked(ben, { "if-match": tagFor(ada) }), { "if-match": '"v1"' });
  });

  test("for the rest of a file only if the part is this session's", () => {
    assert.deepEqual(asked(ada, { "if-range": tagFor(ada) }), { "if-range": '"v1"' });
    assert.deepEqual(asked(ben, { "if-range": tagFor(ada) }), { "if-range": tagFor(ada) });
  });

  test("as the browser asks where tags are not marked", () => {
    const fields = { "if-none-match": '"v1"', "if-match": "*" };
    assert.deepEqual(asked(ada, fields), fields);
  });
});
