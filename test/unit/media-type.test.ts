import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lists, mediaTypeOf } from "../../shared/http/field-values.ts";

describe("a body's type", () => {
  test("is what stands before its parameters, in any case", () => {
    for (const header of ["text/html", "Text/HTML", "text/html;charset=utf-8", " text/html\t; a=b"]) {
      assert.equal(mediaTypeOf(header), "text/html", header);
    }
  });

  test("is no other one that begins, ends or looks like it", () => {
    const others = [
      "text/html-x",
      "text/html.x",
      "text/html x",
      "xtext/html",
      "text/html\u00a0",
      "text/html,text/html",
    ];
    for (const header of [null, "", "text", ...others, "text/ht\u212al", "te\u017ft/html"]) {
      assert.notEqual(mediaTypeOf(header), "text/html", String(header));
    }
  });
});

describe("what a browser asks for", () => {
  test("is in its list, in any case, whatever its weight", () => {
    const headers = ["gzip", "GZIP", "br, gzip", "br;q=1.0,gzip;q=0.001", "gzip ; q=0.5", "deflate,\tgzip\t,br"];
    for (const header of headers) assert.equal(lists(header, "gzip"), true, header);
  });

  test("is not what it refuses, does not name, or names alike", () => {
    const refused = ["gzip;q=0", "gzip; q=0.0", "gzip ;Q=0.000", "br, gzip\t;\tq=0, identity"];
    const alike = ["x-gzip", "gzip-9", "gzipped", "br;gzip", '"gzip"', "\u00a0gzip", "gzi\u0440", "*"];
    for (const header of [null, "", ...refused, ...alike]) assert.equal(lists(header, "gzip"), false, String(header));
  });
});
