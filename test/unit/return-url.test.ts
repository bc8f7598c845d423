import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { safeReturnUrl } from "../../shared/http/return-url.ts";
import { isProblem } from "./support/is-problem.ts";

const origin = "http://localhost:7071";

describe("after signing in the person comes back to a page of the app", () => {
  const accepted: readonly [given: string | null, expected: string][] = [
    [null, "/"],
    ["", "/"],
    ["/", "/"],
    ["/reports?year=2026#march", "/reports?year=2026#march"],
    ["/a/b/../c", "/a/c"],
    ["/a//b", "/a//b"],
    ["/search?next=https://other.example//x", "/search?next=https://other.example//x"],
    ["/@someone", "/@someone"],
    ["/caf%C3%A9", "/caf%C3%A9"],
    [`${origin}/reports`, "/reports"],
    [`${origin}/`, "/"],
    [origin, "/"],
  ];
  for (const [given, expected] of accepted) {
    test(`${JSON.stringify(given)} leads to ${expected}`, () => assert.equal(safeReturnUrl(given, origin), expected));
  }
});

describe("a return URL in disguise leads nowhere", () => {
  const disguises = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    String.raw`/\evil.example`,
    String.raw`\/evil.example`,
    String.raw`\\evil.example`,
    String.raw`/\/evil.example`,
    String.raw`/./\evil.example`,
    String.raw`/a\..\\evil.example`,
    "/%2f/evil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%5C%5Cevil.example",
    "/.//evil.example",
    "/a/..//evil.example",
    "/a/b/../..//evil.example",
    "/%2e//evil.example",
    "/%2e%2e//evil.example",
    "/a/%2e%2e//evil.example",
    "/.%2e//evil.example",
    "/./%2fevil.example",
    "/x/../%5cevil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/\0/evil.example",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "JAVASCRIPT://localhost:7071/%0aalert(1)",
    "data:text/html,x",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///localhost:7071/",
    "／／evil.example",
    "/／evil.example",
    "/＼evil.example",
    "/\u200b/evil.example",
    `${origin}.evil.example/`,
    `${origin}@evil.example/`,
    `${origin}:80@evil.example/`,
    `${origin}//evil.example`,
    String.raw`${origin}/\evil.example`,
    `${origin}/%2f/evil.example`,
    `http://user@localhost:7071/`,
    `http://localhost:7071\\@evil.example/`,
    "http://localhost:70711/",
    "http://localhost/",
    "https://localhost:7071/",
    "http://127.0.0.1:7071/",
    `//evil.example/${"x".repeat(3_000)}`,
    `https://evil.example/${"x".repeat(3_000)}`,
  ];
  for (const disguise of disguises) {
    test(JSON.stringify(disguise.slice(0, 50)), () => {
      assert.throws(() => safeReturnUrl(disguise, origin), isProblem("invalid_return_url"));
    });
  }

  test("the refusal does not repeat what was sent", () => {
    assert.throws(
      () => safeReturnUrl("https://evil.example/<script>", origin),
      isProblem("invalid_return_url", /^(?!.*(evil|script))/),
    );
  });
});

describe("a return URL that is no path of the app, and no other place either, leads to the app's start", () => {
  const odd = [
    [
      "reports",
      "reports/2026",
      "?year=2026",
      "#top",
      ".",
      "..",
      "*",
      ";",
      "%",
      ":80",
      "evil.example",
      "@evil.example",
      "．．/evil.example",
    ],
    ["evil.example/http://localhost:7071/", "?x=//evil.example", "#//evil.example", `${origin}?a`, `${origin}#a`],
    [
      "/café",
      "/über uns",
      "/a b",
      "/reports\u2028",
      "/\ufeff",
      "/a\tb",
      String.raw`/a\b`,
      "/⁄evil.example",
      "/\u{1f600}",
    ],
    ["/reports\r\nSet-Cookie: a=b", "/\ud800", "\0", `/${"x".repeat(1_000)}`, `/?${"x".repeat(8_000)}`],
  ].flat();
  for (const value of odd) {
    test(JSON.stringify(value.slice(0, 50)), () => assert.equal(safeReturnUrl(value, origin), "/"));
  }
});

describe("an app below a path sends people back only below it", () => {
  const base = `${origin}/orders`;
  for (const within of ["/orders", "/orders/", "/orders/7?a=b#c", "/orders?x", `${base}/7`, "/a/../orders/7"]) {
    test(`${within} is below it`, () => {
      const { pathname, search, hash } = new URL(within, origin);
      assert.equal(safeReturnUrl(within, base), pathname + search + hash);
    });
  }

  for (const outside of [
    "/",
    "/billing/",
    "/orders-2/",
    "/Orders/",
    "/orders/../billing",
    "/orders/%2e%2e/x",
    `${origin}/`,
  ]) {
    test(`${outside} is not`, () => assert.throws(() => safeReturnUrl(outside, base), isProblem("invalid_return_url")));
  }

  test("anything else that is no path leads to its start", () => {
    for (const value of [null, "", "reports", "?a", `/orders/${"x".repeat(1_000)}`]) {
      assert.equal(safeReturnUrl(value, base), "/orders/");
    }
  });
});

describe("whatever a stranger writes into a return URL", () => {
  const codeUnit = fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: 0xffff }));
  const pieces = fc.oneof(
    fc.constantFrom("/", "//", "\\", ".", "..", "%2f", "%5C", "%2e", "%00", "%0d%0a", "\t", "\n", "\r", "\0", " ", "@"),
    fc.constantFrom(":", "?", "#", ";", "http:", "https:", "javascript:", "evil.example", "localhost:7071", origin),
    fc.constantFrom("／", "＼", "é", "a", '"', "<"),
  );
  const hostile = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
    fc.array(pieces, { maxLength: 12 }).map((parts) => `/${parts.join("")}`),
    fc.array(codeUnit, { maxLength: 30 }).map((units) => `/${String.fromCharCode(...units)}`),
  );
  const accepted = (value: string) => {
    try {
      return safeReturnUrl(value, origin);
    } catch {
      return undefined;
    }
  };
  const locations = fc.sample(hostile, 2_000).flatMap((value) => accepted(value) ?? []);

  test("some of it is harmless", () => assert.ok(locations.length > 50, `${locations.length}`));

  test("the browser stays on the app's origin, wherever on it the redirect is read", () => {
    for (const location of locations) {
      for (const base of ["/", "/auth/callback?code=x"]) {
        const url = new URL(location, origin + base);
        assert.equal(url.origin, origin);
        assert.equal(url.username + url.password, "");
      }
    }
  });

  test("a server in between that decodes once more still sees a path of the app", () => {
    for (const location of locations) {
      assert.doesNotMatch(location.replaceAll(/%(2f|5c)/gi, "/"), /^\/[/\\]/);
    }
  });

  test("the Location header holds only printable ASCII", () => {
    for (const location of locations) assert.match(location, /^\/[\x21-\x7e]*$/);
  });

  test("what was accepted once is accepted again unchanged", () => {
    for (const location of locations) assert.equal(accepted(location), location);
  });
});

test("a return URL is at most 1000 characters long also after encoding, so that it fits into a cookie", () => {
  const grown = `/${'"'.repeat(900)}`;
  assert.equal(safeReturnUrl(grown, origin), "/");
});
