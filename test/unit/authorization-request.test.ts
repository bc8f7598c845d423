import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queryParameter } from "../../shared/http/parameters.ts";
import { parseSignInOptions } from "../../shared/identity/authorization-request.ts";
import { condition } from "./support/conditions.ts";

const asked = (query: string) => ({ url: `https://app.example/auth/login?${query}` });
const parse = (query: string) => parseSignInOptions(asked(query));
const invalid = (name: string) => condition("invalid_request", new RegExp(`\\b${name}\\b`));

describe("a query parameter", () => {
  test("is decoded once", () => assert.equal(queryParameter(asked("a=%2520%26"), "a"), "%20&"));
  test("that is missing or empty is none", () => {
    assert.equal(queryParameter(asked("b=1"), "a"), null);
    assert.equal(queryParameter(asked("a="), "a"), null);
    assert.equal(queryParameter(asked("a"), "a"), null);
  });
  test("may not be repeated, not even with the same value or with none", () => {
    for (const query of ["a=1&a=2", "a=1&a=1", "a&a", "a=&a=1", "a=1&%61=2"]) {
      assert.throws(() => queryParameter(asked(query), "a"), invalid("a"), query);
    }
  });
  test("may not be too long", () => {
    assert.equal(queryParameter(asked(`a=${"x".repeat(10)}`), "a", 10)?.length, 10);
    assert.throws(() => queryParameter(asked(`a=${"x".repeat(11)}`), "a", 10), invalid("a"));
    assert.throws(() => queryParameter(asked(`a=${"x".repeat(2_049)}`), "a"), invalid("a"));
  });
  test("has a name in one case", () => assert.equal(queryParameter(asked("A=1"), "a"), null));
});

describe("a request to sign in", () => {
  test("need ask for nothing", () => {
    assert.deepEqual(parse(""), { loginHint: null, domainHint: null, prompt: null, extraScopes: [], claims: null });
  });

  test("may ask for more", () => {
    const claims = '{"access_token":{}}';
    const query = new URLSearchParams({ loginHint: "a@b.example", domainHint: "b.example", prompt: "none", claims });
    assert.deepEqual(parse(`${query.toString()}&scope=Mail.Read+api://x/y`), {
      loginHint: "a@b.example",
      domainHint: "b.example",
      prompt: "none",
      extraScopes: ["Mail.Read", "api://x/y"],
      claims,
    });
  });

  const refused: readonly [name: string, query: string][] = [
    ["prompt", "prompt=maybe"],
    ["prompt", "prompt=LOGIN"],
    ["prompt", "prompt=login%20consent"],
    ["scope", "scope=a%22b"],
    ["scope", "scope=a%0d%0ab"],
    ["scope", "scope=a%5cb"],
    ["scope", "scope=caf%C3%A9"],
    ["scope", `scope=${"x".repeat(501)}`],
    ["claims", "claims=x"],
    ["claims", "claims=[]"],
    ["claims", "claims=null"],
    ["claims", "claims=%7B"],
    ["claims", `claims=${encodeURIComponent(JSON.stringify({ a: "x".repeat(4_100) }))}`],
    ["loginHint", `loginHint=${"x".repeat(321)}`],
    ["domainHint", `domainHint=${"x".repeat(256)}`],
    ["loginHint", "loginHint=a&loginHint=b"],
  ];
  for (const [name, query] of refused) {
    test(`is refused for ${query.slice(0, 40)}`, () => assert.throws(() => parse(query), invalid(name)));
  }
});
