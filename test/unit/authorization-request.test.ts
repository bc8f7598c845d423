import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queryParameter } from "../../shared/http/parameters.ts";
import { parseSignInOptions, type SignInOptions } from "../../shared/sign-in/authorization-request.ts";
import { refuseUnallowedExtras } from "../../shared/sign-in/extras.ts";
import { isProblem } from "./support/is-problem.ts";
import { configuration } from "./support/environment.ts";

const asked = (query: string) => ({ url: `https://app.example/auth/login?${query}` });
const parse = (query: string) => parseSignInOptions(new URLSearchParams(query));
const nothing: SignInOptions = {
  loginHint: null,
  domainHint: null,
  prompt: null,
  extraScopes: [],
  claims: null,
  maxAge: null,
  uiLocales: null,
  acrValues: null,
  display: null,
};
const invalid = (name: string) => isProblem("invalid_request", new RegExp(`\\b${name}\\b`));

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
    assert.deepEqual(parse(""), nothing);
    assert.deepEqual(parse("prompt=&scope=&max_age=&utm_source=mail&fbclid=x"), nothing);
  });

  test("may ask for more", () => {
    const claims = '{"access_token":{}}';
    const query = new URLSearchParams({ loginHint: "a@b.example", domainHint: "b.example", prompt: "none", claims });
    assert.deepEqual(parse(`${query.toString()}&scope=Mail.Read+api://x/y`), {
      ...nothing,
      loginHint: "a@b.example",
      domainHint: "b.example",
      prompt: "none",
      extraScopes: ["Mail.Read", "api://x/y"],
      claims,
    });
  });

  test("may say how, in the protocol's spelling and in the app's", () => {
    const how = {
      maxAge: 0,
      uiLocales: "de-CH fr",
      acrValues: "c1 urn:x",
      display: "popup",
      loginHint: "a",
      domainHint: "b",
    };
    const standard = "max_age=0&ui_locales=de-CH+fr&acr_values=c1+urn:x&display=popup&login_hint=a&domain_hint=b";
    const own = "maxAge=0&uiLocales=de-CH+fr&acrValues=c1+urn:x&display=popup&loginHint=a&domainHint=b";
    for (const query of [standard, own]) assert.deepEqual(parse(query), { ...nothing, ...how });
  });

  const ofTheApp = [
    ["response_type", "client_id", "redirect_uri", "response_mode", "state", "nonce", "id_token_hint", "request"],
    ["request_uri", "registration", "claims_locales", "code_challenge", "code_challenge_method", "resource"],
  ].flat();
  for (const name of ofTheApp) {
    test(`is refused with ${name}, which is named`, () => assert.throws(() => parse(`${name}=x`), invalid(name)));
  }

  const misspelled = { returnURL: "returnUrl", RETURN_URL: "returnUrl", loginhint: "loginHint", "max-age": "maxAge" };
  for (const [name, meant] of Object.entries(misspelled)) {
    test(`is refused with ${name}, and told of ${meant}`, () => {
      assert.throws(() => parse(`${name}=1`), isProblem("invalid_request", new RegExp(`${name}.*${meant}|is spelled`)));
    });
  }

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
    ["loginHint", "loginHint=a&login_hint=a"],
    ["login_hint", `login_hint=${"x".repeat(321)}`],
    ["max_age", "max_age=-1"],
    ["max_age", "max_age=1.5"],
    ["max_age", "max_age=1e3"],
    ["max_age", "max_age=%201"],
    ["max_age", "max_age=1234567890"],
    ["max_age", "max_age=1&max_age=1"],
    ["ui_locales", "ui_locales=%3Cscript%3E"],
    ["ui_locales", "ui_locales=de_CH"],
    ["ui_locales", `ui_locales=${"de ".repeat(70)}`],
    ["acr_values", "acr_values=a%0ab"],
    ["acr_values", `acr_values=${"x".repeat(256)}`],
    ["display", "display=fullscreen"],
  ];
  for (const [name, query] of refused) {
    test(`is refused for ${query.slice(0, 40)}`, () => assert.throws(() => parse(query), invalid(name)));
  }
});

describe("a sign-in that asks for more than usual", () => {
  const app = configuration({ AzureAd__ExtraScopes: "Mail.Read api://x/y" });
  const widened: readonly [what: string, options: Partial<SignInOptions>][] = [
    ["a scope", { extraScopes: ["Mail.Read"] }],
    ["a scope that comes anyway", { extraScopes: ["openid"] }],
    ["a claim", { claims: "{}" }],
    ["consent", { prompt: "consent" }],
  ];
  const refuse = (options: Partial<SignInOptions>, headers: Record<string, string>, of = app) =>
    refuseUnallowedExtras({ ...nothing, ...options }, { headers: new Headers(headers) }, of);
  const own = "https://app.example/reports";

  for (const [what, options] of widened) {
    test(`${what}, asked for by a page of the app: goes on`, () => {
      refuse(options, { "sec-fetch-site": "same-origin" });
      refuse(options, { referer: own });
    });

    const elsewhere: readonly Record<string, string>[] = [
      {},
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "cross-site", referer: own },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
      { "sec-fetch-site": "" },
      { "sec-fetch-site": "same-origin, cross-site" },
      { referer: "https://evil.example/" },
      { referer: "https://app.example.evil.example/" },
      { referer: "http://app.example/" },
      { referer: "https://app.example@evil.example/" },
      { referer: "app.example" },
      { origin: "https://app.example" },
    ];
    test(`${what}, asked for by a link of another site, of a mail or of a program: refused`, () => {
      for (const headers of elsewhere) {
        assert.throws(() => refuse(options, headers), isProblem("cross_site_request"), JSON.stringify(headers));
      }
    });
  }

  test("a scope that neither an API nor the setting names: refused, from the app's own page too", () => {
    for (const scope of ["Directory.ReadWrite.All", "mail.read", "Mail.Read.Shared", "api://x/.default"]) {
      const ask = () => refuse({ extraScopes: ["Mail.Read", scope] }, { "sec-fetch-site": "same-origin" });
      assert.throws(ask, isProblem("invalid_request", /AzureAd__ExtraScopes/), scope);
    }
    const bare = configuration({});
    assert.throws(
      () => refuse({ extraScopes: ["Mail.Read"] }, { "sec-fetch-site": "same-origin" }, bare),
      isProblem("invalid_request"),
    );
    refuse({ extraScopes: ["User.Read", "openid", "offline_access"] }, { "sec-fetch-site": "same-origin" }, bare);
  });

  test("and one that asks for less goes on from anywhere", () => {
    for (const prompt of ["login", "none", "select_account", "create"])
      refuse({ prompt }, { "sec-fetch-site": "cross-site" });
    refuse({ maxAge: 0, acrValues: "c1", uiLocales: "de", loginHint: "a" }, { "sec-fetch-site": "cross-site" });
  });
});
