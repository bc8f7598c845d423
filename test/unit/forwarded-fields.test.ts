import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withLocations } from "../../shared/downstream/browser-answer.ts";
import { inertType, refuseEmbedding } from "../../shared/http/fetch-metadata.ts";
import { fieldsForApi, fieldsForBrowser, refuseUnsupportedFraming } from "../../shared/http/forwarded-fields.ts";
import { isProblem } from "./support/is-problem.ts";
import { apiConfiguration } from "./support/environment.ts";

const all = (names: readonly string[]) => new Headers(names.map((name) => [name, "value"]));
const wire = (text: string) => Buffer.from(text, "utf8").toString("latin1");

describe("an API gets to see", () => {
  test("nothing of the browser's credentials, of the platform's fields, or of where the page came from", () => {
    const withheld = [
      "authorization",
      "cookie",
      "proxy-authorization",
      "host",
      "origin",
      "referer",
      "forwarded",
      "x-forwarded-for",
      "x-forwarded-anything",
      "x-original-url",
      "x-http-method-override",
      "x-ms-client-principal",
      "x-ms-client-principal-id",
      "x-ms-token-aad-access-token",
      "x-arr-ssl",
      "x-azure-clientip",
      "x-functions-key",
      "sec-fetch-site",
      "traceparent",
      "tracestate",
      "baggage",
      "transfer-encoding",
      "connection",
      "content-length",
    ];
    assert.deepEqual(fieldsForApi(all(withheld)), {});
  });

  test("everything else, known or not", () => {
    const names = [
      "accept-encoding",
      "content-encoding",
      "idempotency-key",
      "if-range",
      "range",
      "user-agent",
      "x-ms-version",
      "x-own",
    ];
    assert.deepEqual(Object.keys(fieldsForApi(all(names))).sort(), names);
  });

  test("no field that Connection says is for this connection", () => {
    const headers = new Headers({ connection: "close, X-Hop", "x-hop": "1", "x-end": "2" });
    assert.deepEqual(fieldsForApi(headers), { "x-end": "2" });
  });

  test("a value that is not ASCII in the bytes that came, UTF-8", () => {
    assert.deepEqual(fieldsForApi(new Headers({ slug: "Übersicht" })), { slug: wire("Übersicht") });
  });
});

describe("the browser gets to see", () => {
  test("nothing of the API's cookies, policies, cross-origin permissions, or words to caches and servers", () => {
    const withheld = [
      "set-cookie",
      "www-authenticate",
      "content-security-policy",
      "access-control-allow-origin",
      "access-control-allow-credentials",
      "cross-origin-resource-policy",
      "strict-transport-security",
      "clear-site-data",
      "refresh",
      "cache-control",
      "transfer-encoding",
      "x-frame-options",
      "service-worker-allowed",
      "x-accel-redirect",
      "bff-problem",
    ];
    assert.deepEqual(fieldsForBrowser(withheld.map((name) => [name, "value"] as const)), {});
  });

  test("everything else, known or not", () => {
    const headers = {
      "accept-ranges": "bytes",
      "content-encoding": "gzip",
      "content-range": "bytes 0-9/30",
      "content-type": "image/png",
      etag: 'W/"1"',
      link: '</next>; rel="next"',
      "operation-location": "https://api.example/operations/1",
      "x-own": "1",
    };
    assert.deepEqual(fieldsForBrowser(Object.entries(headers)), headers);
  });

  test("repeated fields as one, and no field that Connection names", () => {
    const fields = [
      ["link", "<a>"],
      ["connection", "X-Hop"],
      ["x-hop", "1"],
      ["link", "<b>"],
    ] as const;
    assert.deepEqual(fieldsForBrowser(fields), { link: "<a>, <b>" });
  });

  test("no value that is not printable ASCII, for the host would send nothing at all", () => {
    assert.deepEqual(
      fieldsForBrowser([
        ["x-title", wire("Übersicht")],
        ["x-other", "a\u0001b"],
      ]),
      {},
    );
  });
});

const disposition = (value: string) => fieldsForBrowser([["content-disposition", value]])["content-disposition"];

describe("the name of a download", () => {
  const cases: readonly [what: string, came: string, goes: string][] = [
    ["in ASCII stays", 'attachment; filename="a b.pdf"', 'attachment; filename="a b.pdf"'],
    [
      "in UTF-8 is encoded",
      wire('attachment; filename="Übersicht €.pdf"'),
      "attachment; filename=\"_bersicht _.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20%E2%82%AC.pdf",
    ],
    [
      "in Latin-1 is encoded",
      'attachment; filename="Übersicht.pdf"',
      "attachment; filename=\"_bersicht.pdf\"; filename*=UTF-8''%C3%9Cbersicht.pdf",
    ],
    [
      "without quotes is encoded",
      wire("attachment; filename=Übersicht.pdf; size=1"),
      "attachment; filename=_bersicht.pdf; size=1; filename*=UTF-8''%C3%9Cbersicht.pdf",
    ],
    [
      "with quotes and parentheses in it is encoded",
      wire('inline; filename="a\\"(é)\\\\\'.txt"'),
      "inline; filename=\"a\\\"(_)\\\\'.txt\"; filename*=UTF-8''a%22%28%C3%A9%29%5C%27.txt",
    ],
    [
      "that the API has encoded, too, stays",
      wire("attachment; filename=\"ü\"; filename*=UTF-8''%C3%BC"),
      "attachment; filename=\"_\"; filename*=UTF-8''%C3%BC",
    ],
    ["that is only elsewhere is no name", wire("attachment; comment=ü"), "attachment; comment=_"],
  ];
  for (const [what, came, goes] of cases) test(what, () => assert.equal(disposition(came), goes));
});

describe("Location", () => {
  const api = apiConfiguration("files", { BaseUrl: "https://api.example/v1" });
  const target = new URL("https://api.example/v1/items/1?a=b");
  const seen = (value: string) => withLocations([["location", value]], api, target)[0]?.[1];
  test("is below the app's own path, if it has one", () => {
    const below = { ...api, publicPath: "/orders/api/files" };
    assert.deepEqual(withLocations([["location", "2"]], below, target), [["location", "/orders/api/files/items/2"]]);
  });

  const cases: readonly [came: string, goes: string | undefined][] = [
    ["https://api.example/v1/items/2?x=1#y", "/api/files/items/2?x=1#y"],
    ["/v1/items/?x=1", "/api/files/items/?x=1"],
    ["2", "/api/files/items/2"],
    ["?page=2", "/api/files/items/1?page=2"],
    ["../x", "/api/files/x"],
    ["/v1", "/api/files/"],
    ["//api.example/v1/a", "/api/files/a"],
    ["/v2/items", "https://api.example/v2/items"],
    ["../../auth/logout", "https://api.example/auth/logout"],
    ["/v11/items", "https://api.example/v11/items"],
    ["http://api.example/v1/items", "http://api.example/v1/items"],
    ["https://api.example:8443/v1/items", "https://api.example:8443/v1/items"],
    ["https://user@api.example/v1/items", "https://user@api.example/v1/items"],
    ["https://elsewhere.example/v1/items", "https://elsewhere.example/v1/items"],
    [wire("/v1/ü"), "/api/files/%C3%BC"],
    ["https://[", undefined],
  ];
  for (const [came, goes] of cases) test(`${came} → ${goes}`, () => assert.equal(seen(came), goes));
});

const inPage = (headers: Record<string, string>) => refuseEmbedding(new Headers(headers));

describe("an API's answer is no part of the app's page", () => {
  for (const destination of [
    "script",
    "style",
    "worker",
    "serviceworker",
    "sharedworker",
    "frame",
    "iframe",
    "object",
    "embed",
    "font",
    "manifest",
    "json",
    "xslt",
    "audioworklet",
    "speculationrules",
    "",
  ]) {
    test(`as ${destination || "what has no name"}`, () => {
      assert.throws(() => inPage({ "sec-fetch-dest": destination }), isProblem("destination_not_allowed"));
    });
  }

  test("nor a service worker's script, in browsers that do not say so otherwise", () => {
    assert.throws(() => inPage({ "service-worker": "script" }), isProblem("destination_not_allowed"));
  });

  test("but a script may read it, and it may be a picture or a file", () => {
    assert.doesNotThrow(() => inPage({}));
    for (const destination of ["empty", "document", "image", "audio", "video"])
      assert.doesNotThrow(() => inPage({ "sec-fetch-dest": destination }), destination);
  });

  test("and JavaScript and style sheets are plain text for whoever does not say what for", () => {
    const fetched = new Headers({ "sec-fetch-dest": "empty" });
    for (const type of ["text/javascript; charset=utf-8", "application/x-javascript", "text/jscript", "TEXT/CSS"]) {
      assert.equal(inertType(new Headers(), type), "text/plain");
      assert.equal(inertType(fetched, type), type);
    }
    for (const type of ["text/html", "application/json", "image/svg+xml"]) {
      assert.equal(inertType(new Headers(), type), type);
    }
  });
});

describe("a request is refused by name", () => {
  test("when it expects an interim answer", () => {
    assert.throws(
      () => refuseUnsupportedFraming(new Headers({ expect: "100-continue" })),
      isProblem("expectation_failed"),
    );
  });
  for (const name of ["Upgrade", "Trailer"]) {
    test(`with ${name}`, () => {
      const refused = isProblem("framing_unsupported", new RegExp(name));
      assert.throws(() => refuseUnsupportedFraming(new Headers({ [name]: "value" })), refused);
    });
  }
  test("and not with TE, which some browsers send with everything", () => {
    refuseUnsupportedFraming(new Headers({ te: "trailers" }));
  });
});
