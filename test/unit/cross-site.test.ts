import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refuseCrossSite } from "../../shared/http/fetch-metadata.ts";
import { isProblem } from "./support/is-problem.ts";

const own = "https://app.example";
const foreign = "https://evil.example";

/** Who sends the request, as the browser tells. */
type Sender = readonly [who: string, site: string | null, origin: string | null];

const reading = ["GET", "HEAD", "OPTIONS"];
const changing = ["POST", "PUT", "PATCH", "DELETE", "QUERY", "TRACE", ""];

const ownPages: readonly Sender[] = [
  ["the app's page", "same-origin", own],
  ["the app's page, without an Origin", "same-origin", null],
  ["the app's page in an old browser", null, own],
];
const noPage: readonly Sender[] = [
  ["the address bar", "none", null],
  ["a program", null, null],
];
const otherPages: readonly Sender[] = [
  ["another site's page", "cross-site", foreign],
  ["another site's link", "cross-site", null],
  ["another site in an old browser", null, foreign],
  ["a neighbour on the same site", "same-site", "https://other.app.example"],
  ["a neighbour's link", "same-site", null],
  ["a sandboxed frame", "cross-site", "null"],
  ["a sandboxed frame in an old browser", null, "null"],
  ["the app's host over http", "cross-site", "http://app.example"],
  ["another port of the app's host", "same-site", "https://app.example:8443"],
  ["a longer host", null, `${own}.evil.example`],
  ["an origin with a path", null, `${own}/`],
  ["an origin in capitals", null, "https://APP.example"],
  ["an empty origin", null, ""],
  ["a contradiction: own origin, cross-site", "cross-site", own],
  ["a contradiction: foreign origin, same-origin", "same-origin", foreign],
  ["what no browser says: capitals", "Cross-Site", null],
  ["what no browser says: twice", "same-origin, cross-site", null],
  ["what no browser says: nothing", "", null],
  ["what no browser says: an unknown word", "elsewhere", null],
  ["two origins", null, `${own}, ${foreign}`],
];

function answer(method: string, [, site, origin]: Sender): "served" | "refused" {
  return visit(method, { ...(site !== null && { "sec-fetch-site": site }), ...(origin !== null && { origin }) }, false);
}

function visit(method: string, headers: Record<string, string>, navigable: boolean): "served" | "refused" {
  try {
    refuseCrossSite({ method, headers: new Headers(headers) }, own, { navigable });
    return "served";
  } catch (error) {
    isProblem("cross_site_request")(error);
    return "refused";
  }
}

function table(methods: readonly string[], senders: readonly Sender[], expected: "served" | "refused"): void {
  for (const method of methods) {
    for (const sender of senders) {
      test(`${method || "(none)"} from ${sender[0]} is ${expected}`, () =>
        assert.equal(answer(method, sender), expected));
    }
  }
}

describe("a request that only reads", () => {
  table(reading, [...ownPages, ...noPage], "served");
  table(reading, otherPages, "refused");
});

describe("a page that links of other sites may lead to", () => {
  const linked = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const requests: readonly [what: string, method: string, headers: Record<string, string>, expected: string][] = [
    ["opened by a link", "GET", linked, "served"],
    ["opened by a link of a neighbour", "GET", { ...linked, "sec-fetch-site": "same-site" }, "served"],
    ["in a frame", "GET", { ...linked, "sec-fetch-dest": "iframe" }, "refused"],
    ["as a script", "GET", { ...linked, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" }, "refused"],
    ["by fetch", "GET", { ...linked, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }, "refused"],
    ["as a navigation that names its origin", "GET", { ...linked, origin: foreign }, "refused"],
    ["asked for by HEAD", "HEAD", linked, "refused"],
    ["sent a form", "POST", { ...linked, origin: foreign }, "refused"],
    ["sent a form that hides its origin", "POST", linked, "refused"],
  ];
  for (const [what, method, headers, expected] of requests) {
    test(`${what} is ${expected}`, () => {
      assert.equal(visit(method, headers, true), expected);
    });
  }

  test("is one only where it says so", () => {
    assert.equal(visit("GET", linked, false), "refused");
  });
});

describe("a request that changes something", () => {
  table(changing, ownPages, "served");
  table(changing, [...noPage, ...otherPages, ["an unknown place", "elsewhere", null]], "refused");
});
