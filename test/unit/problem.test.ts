import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpResponseInit } from "@azure/functions";
import { ProblemError, problemCodeOf, problemTypes, SignInRequiredError } from "../../shared/core/errors.ts";
import { html } from "../../shared/http/html.ts";
import { wantsPage } from "../../shared/http/page.ts";
import { problemResponse } from "../../shared/http/problem.ts";
import { german } from "../../shared/texts/german.ts";
import { pagePolicy } from "../../shared/http/page-policy.ts";
import { originsOf, withDefaults } from "../../shared/http/security-headers.ts";
import { site } from "./support/site.ts";

const id = "6f1c2b9e-0d3a-4a55-9a3e-2f6f6a0c7e11";
const program = { wantsPage: false, id, site };
const person = { wantsPage: true, id, site };
const textOf = ({ body }: HttpResponseInit) => (typeof body === "string" ? body : assert.fail("not a text"));
const details = (error: unknown) => JSON.parse(textOf(problemResponse(error, program))) as Record<string, unknown>;
const pageOf = (error: unknown) => textOf(problemResponse(error, person));
const hostile = `<script>alert(1)</script>"'&`;

test("a person whom one API asks to sign in is led to a sign-in for that API, with what it asks for", () => {
  const error = new SignInRequiredError("x", { claims: '{"access_token":{}}', api: "orders", sessionEnded: false });
  const href = /href="(\/auth\/login[^"]*)"/.exec(pageOf(error))?.[1]?.replaceAll("&amp;", "&") ?? "";
  const { searchParams } = new URL(href, "http://app");
  assert.deepEqual(Object.fromEntries(searchParams), { api: "orders", claims: '{"access_token":{}}' });
});

describe("a program that fails gets problem details (RFC 9457)", () => {
  test("with a stable code, and a text that explains it", () => {
    const response = problemResponse(new ProblemError("api_unknown", "No such API."), program);
    assert.equal(response.status, 404);
    assert.deepEqual(response.headers, { "content-type": "application/problem+json", "bff-problem": "api_unknown" });
    assert.deepEqual(JSON.parse(textOf(response)), {
      type: "about:blank",
      title: "There is no such API",
      status: 404,
      detail: "No such API.",
      instance: `urn:uuid:${id}`,
      code: "api_unknown",
    });
  });

  test("with the claims that the person has to sign in with", () => {
    const claims = '{"access_token":{}}';
    const body = details(new SignInRequiredError("x", { claims, sessionEnded: false }));
    assert.deepEqual([body["status"], body["code"], body["claims"]], [401, "signin_required", claims]);
  });

  test("without a word about what nobody foresaw", () => {
    for (const error of [new Error("password=hunter2"), "hunter2", { code: "hunter2" }, null, undefined]) {
      const body = details(error);
      assert.deepEqual([body["status"], body["code"]], [500, "internal_error"]);
      assert.doesNotMatch(JSON.stringify(body), /hunter2/);
    }
  });

  test("with the time to wait when a dependency is down, or there were too many", () => {
    for (const [code, { status }] of Object.entries(problemTypes)) {
      const { headers } = problemResponse(new ProblemError(code as keyof typeof problemTypes, ""), program);
      assert.equal(new Headers(headers).has("retry-after"), status === 503 || status === 429, code);
    }
  });
});

describe("the problem of an error", () => {
  test("is not made up from names that every object has", () => {
    for (const code of ["constructor", "__proto__", "toString", "ECONNRESET", 404]) {
      assert.equal(problemCodeOf(Object.assign(new Error("x"), { code })), "internal_error");
    }
  });

  test("is always answered with an error status and a title", () => {
    for (const { status, title } of Object.values(problemTypes))
      assert.ok(status >= 400 && status < 600 && title.length > 0);
  });
});

const asked = (accept: string, mode?: string) =>
  wantsPage({ headers: new Headers({ accept, ...(mode && { "sec-fetch-mode": mode }) }) });

describe("a person that fails gets a page", () => {
  test("that says the same and leads on", () => {
    const signIn = problemResponse(new SignInRequiredError("Again, please.", { sessionEnded: true }), person);
    assert.equal(signIn.status, 401);
    assert.match(textOf(signIn), /Sign in again[\s\S]*href="\/auth\/login"/);
    const other = problemResponse(new ProblemError("invalid_request", "No."), person);
    assert.match(textOf(other), /href="\/"/);
  });

  test("in plain words, with a way on and a reference for support, whatever happened", () => {
    for (const code of Object.keys(problemTypes) as (keyof typeof problemTypes)[]) {
      const text = pageOf(new ProblemError(code, "A sentence."));
      assert.match(text, /<p>[A-Z][^<]+[.!]<\/p>[\s\S]*<a class="button" href="\/[^"]*">/, code);
      assert.ok(text.includes(`Reference for support: <code>${id}</code>`), code);
    }
  });

  test("in the person's language, except for what only the error itself says", () => {
    const inGerman = { ...person, site: { ...site, texts: german } };
    const known = textOf(problemResponse(new ProblemError("signin_unknown", "x"), inGerman));
    assert.match(known, /<html lang="de">[^]*<h1>Diese Anmeldung ist abgelaufen[^]*<p>Eine Anmeldung gilt nur einmal/);
    assert.match(known, />Zurück zur App<[^]*Referenz für den Support: <code>/);
    const other = textOf(problemResponse(new ProblemError("invalid_request", "No such thing."), inGerman));
    assert.match(other, /<h1>Die Anfrage ist ungültig<[^]*<p lang="en">No such thing\.<\/p>/);
    assert.doesNotMatch(pageOf(new ProblemError("invalid_request", "No such thing.")), /<p lang/);
  });

  test("whose links stay below the app's path", () => {
    for (const code of Object.keys(problemTypes) as (keyof typeof problemTypes)[]) {
      const below = { ...person, site: { ...site, basePath: "/orders" } };
      const text = textOf(problemResponse(new ProblemError(code, "x"), below));
      const links = [...text.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, link = ""]) => link);
      for (const link of links) assert.match(link, /^\/orders\/[^?]*(\?prompt=select_account)?$/, code);
    }
  });

  test("without an offer to sign in where that cannot help", () => {
    for (const code of ["configuration_invalid", "app_refused", "clock_skew"] as const) {
      assert.doesNotMatch(pageOf(new ProblemError(code, "x")), /auth\/login/, code);
    }
  });

  test("without the words for those who run the app", () => {
    for (const code of ["signin_invalid", "clock_skew", "app_refused", "internal_error"] as const) {
      assert.doesNotMatch(pageOf(new ProblemError(code, "The token is not valid: aud.")), /token|aud/i, code);
    }
  });

  test("with nothing in it that was not escaped", () => {
    assert.doesNotMatch(pageOf(new ProblemError("invalid_request", hostile)), /<script>alert/);
  });

  test("when it was a navigation, not when a script asked", () => {
    assert.equal(asked("text/html,*/*", "navigate"), true);
    assert.equal(asked("text/html"), true);
    assert.equal(asked("text/html", "cors"), false);
    assert.equal(asked("*/*", "navigate"), false);
    assert.equal(asked("application/json"), false);
  });
});

describe("markup", () => {
  test("escapes what would end a text or an attribute", () => {
    const expected = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;";
    assert.equal(html`<a href="${hostile}">${hostile}</a>`.markup, `<a href="${expected}">${expected}</a>`);
  });

  test("takes markup as it is, and nothing for undefined", () => {
    assert.equal(html`<p>${html`<b>${"<"}</b>`}${undefined}</p>`.markup, "<p><b>&lt;</b></p>");
  });

  test("does not escape twice, nor interpret what it inserts", () => {
    assert.equal(html`${"&lt;$&$1${x}"}`.markup, "&amp;lt;$&amp;$1${x}");
  });
});

describe("security headers", () => {
  const https = "https://app.example";
  const headersOf = (given: Record<string, string> = {}, origin = https) => withDefaults(given, origin);

  test("are owed by every answer", () => {
    const headers = headersOf();
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["x-frame-options"], "DENY");
    assert.match(headers["content-security-policy"] ?? "", /default-src 'none'.*sandbox/);
    assert.equal(headers["strict-transport-security"], "max-age=31536000");
  });

  test("of documents are not owed by JSON, which a browser shows as text", () => {
    for (const type of ["application/json", "Application/JSON; charset=utf-8"]) {
      assert.deepEqual(headersOf({ "content-type": type }), {
        "content-type": type,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "strict-transport-security": "max-age=31536000",
      });
    }
  });

  test("of documents are owed by whatever else could be one", () => {
    const several = ["application/json, text/html", "application/json;a=b, text/html"];
    for (const type of [
      "text/html",
      "image/svg+xml",
      "application/json-seq",
      "application/problem+json",
      "",
      ...several,
    ]) {
      const headers = headersOf({ "content-type": type });
      assert.equal(headers["x-frame-options"], "DENY");
      assert.match(headers["content-security-policy"] ?? "", /sandbox/);
    }
  });

  test("do not promise TLS where there is none", () => {
    assert.equal(headersOf({}, "http://localhost:7071")["strict-transport-security"], undefined);
  });

  test("give way to what a function says, in whatever case it says it", () => {
    assert.equal(headersOf({ "Cache-Control": "no-cache" })["cache-control"], "no-cache");
  });

  test("let only the named frame a page, and nobody a page that names nobody", () => {
    const framed = headersOf({ "content-security-policy": pagePolicy({ frameAncestors: ["https://idp.example"] }) });
    assert.equal(framed["x-frame-options"], undefined);
    assert.match(framed["content-security-policy"] ?? "", /frame-ancestors https:\/\/idp\.example;/);
    const unframed = headersOf({ "content-security-policy": pagePolicy() });
    assert.equal(unframed["x-frame-options"], "DENY");
    assert.match(unframed["content-security-policy"] ?? "", /frame-ancestors 'none'/);
  });

  test("allow a page no script, style or connection from elsewhere, and nothing inline", () => {
    assert.doesNotMatch(pagePolicy(), /unsafe|https?:|\*/);
  });

  test("name origins, once, and never a whole URL or something that is none", () => {
    const urls = [
      "https://a.example/x?y",
      "https://a.example/z",
      "http://b.example:80",
      undefined,
      "",
      "x y",
      "a; script-src *",
    ];
    assert.deepEqual(originsOf(...urls), ["https://a.example", "http://b.example"]);
  });

  test("name no opaque origin, which a policy would not understand", () => {
    assert.deepEqual(originsOf("data:text/html,x", "javascript:alert(1)"), []);
  });
});
