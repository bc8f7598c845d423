import * as fc from "fast-check";
import { text } from "./texts.ts";

/** A request as the fuzzer thinks of it. Texts may hold placeholders such as `{sid}`, which `fill` knows. */
export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  /** Names and values as they are to be sent. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly cookie: FuzzedCookie;
  readonly body: Uint8Array | undefined;
  /** Sent instead of the body: a token that the identity provider signs, with these claims changed. */
  readonly logoutToken?: Readonly<Record<string, unknown>>;
  /** Whether line breaks and control characters are sent as they are, where a client would refuse to. */
  readonly raw: boolean;
}

/** What is in the `Cookie` header besides a text of the fuzzer's own. */
export interface FuzzedCookie {
  /** A session that is good, or due for renewal; none; or a text that looks like one. */
  readonly session: "fresh" | "stale" | "none" | "invented";
  /** A sign-in under way that fits the query's `state`, with this return URL and silent or not. */
  readonly signIn: { readonly returnUrl: string; readonly silent: boolean } | undefined;
  /** A sign-out under way that fits the query's `state`. */
  readonly signOut: { readonly returnUrl: string } | undefined;
  readonly more: string;
}

const returnUrl = fc.oneof(fc.constantFrom("/healthz", "{self}/healthz"), text);

const ways = [
  ["GET", "/"],
  ["GET", "/assets/page.js"],
  ["GET", "/auth/login"],
  ["GET", "/auth/callback"],
  ["POST", "/auth/callback"],
  ["GET", "/auth/cookie-check"],
  ["GET", "/auth/me"],
  ["GET", "/me/profile"],
  ["GET", "/auth/logout"],
  ["POST", "/auth/logout"],
  ["GET", "/auth/frontchannel-logout"],
  ["POST", "/auth/backchannel-logout"],
  ["GET", "/auth/signed-out"],
  ["GET", "/auth/sessions"],
  ["DELETE", "/auth/sessions"],
  ["DELETE", "/auth/sessions/{session}"],
  ["DELETE", "/auth/accounts/{homeAccountId}"],
  ["PUT", "/auth/not-before"],
  ["PUT", "/auth/services/not-before"],
  ["GET", "/api/graph/me"],
  ["POST", "/api/graph/echo"],
  ["PATCH", "/api/graph/echo/{sid}"],
  ["GET", "/healthz"],
  ["GET", "/readyz"],
] as const;

const methods = ["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "G\u00cbT"];

/** A method and a path: those of a function, with something in place of a part or behind it, or nothing that is known. */
const way = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ways).map(([method, path]) => ({ method, path: path as string })) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...ways), text, fc.boolean()).map(([[method, path], strange, inPlace]) => ({
      method,
      path: inPlace ? path.replace(/[^/]*$/, () => strange) : `${path}/${strange}`,
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...methods), fc.constantFrom(...ways))
      .map(([method, [, path]]) => ({ method, path: path as string })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      method: fc.constantFrom(...methods),
      path: fc.array(text, { maxLength: 5 }).map((segments) => `/${segments.join("/")}`),
    }),
  },
);

const parameters: Readonly<Record<string, readonly string[]>> = {
  returnUrl: ["/healthz", "/a?b=c#d", "{self}/healthz"],
  loginHint: ["ada@contoso.example"],
  domainHint: ["contoso.example"],
  prompt: ["none", "login", "select_account"],
  scope: ["openid profile", "User.Read"],
  claims: ['{"access_token":{"acrs":{"value":"c1"}}}'],
  max_age: ["0", "60"],
  ui_locales: ["de-CH fr"],
  acr_values: ["c1"],
  display: ["popup"],
  redirect_uri: ["https://evil.example/"],
  state: ["s".repeat(22)],
  code: ["0.AAAA"],
  authorization_code: ["0.AAAA"],
  error: ["login_required", "access_denied", "server_error"],
  session_state: ["{sid}"],
  sid: ["{sid}"],
  iss: ["https://login.microsoftonline.com/common/v2.0"],
  incomplete: ["1"],
};

const parameter = fc.oneof(
  { weight: 4, arbitrary: oneOf(parameters) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...Object.keys(parameters)), text) },
  { weight: 1, arbitrary: fc.tuple(text, text) },
);

const headerChoices: Readonly<Record<string, readonly string[]>> = {
  accept: ["text/html", "application/json", "*/*"],
  origin: ["{self}", "https://evil.example", "null"],
  "sec-fetch-site": ["same-origin", "same-site", "cross-site", "none"],
  "sec-fetch-mode": ["navigate", "cors", "no-cors"],
  "sec-fetch-dest": ["document", "iframe", "empty"],
  "sec-purpose": ["prefetch", "prefetch;prerender"],
  "content-type": ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
  "x-functions-key": ["{functionKey}", "wrong"],
  "x-forwarded-host": ["evil.example"],
  "x-forwarded-proto": ["https"],
  forwarded: ["host=evil.example;proto=https"],
  "x-original-url": ["/auth/logout"],
  "x-http-method-override": ["DELETE"],
  "x-ms-client-principal": ["eyJhdXRoX3R5cCI6ImFhZCIsImNsYWltcyI6W119"],
  host: ["evil.example", "localhost"],
  "if-none-match": ["*"],
  range: ["bytes=0-0"],
  authorization: ["Bearer {session}"],
  "user-agent": ["Version/26.0 Safari/605.1.15"],
};

const framingChoices: Readonly<Record<string, readonly string[]>> = {
  connection: ["close", "upgrade"],
  "content-length": ["0", "1", "99999999999", "-1"],
  expect: ["100-continue", "strange"],
  "transfer-encoding": ["chunked", "identity", "chunked, chunked"],
  upgrade: ["websocket", "h2c"],
};

const header = fc.oneof(
  { weight: 20, arbitrary: oneOf(headerChoices) },
  { weight: 2, arbitrary: oneOf(framingChoices) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...Object.keys(headerChoices)), text) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom("x-a", "x a", ""), text) },
);

const cookie: fc.Arbitrary<FuzzedCookie> = fc.record({
  session: fc.constantFrom("none", "fresh", "fresh", "stale", "invented"),
  signIn: fc.option(fc.record({ returnUrl, silent: fc.boolean() }), { nil: undefined, freq: 2 }),
  signOut: fc.option(fc.record({ returnUrl }), { nil: undefined, freq: 4 }),
  more: fc.oneof({ weight: 4, arbitrary: fc.constant("") }, text),
});

const body = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }) },
  { weight: 1, arbitrary: fc.json().map((json) => new TextEncoder().encode(json)) },
  { weight: 1, arbitrary: text.map((token) => new TextEncoder().encode(`logout_token=${token}`)) },
  { weight: 1, arbitrary: text.map((code) => new TextEncoder().encode(`state=${"s".repeat(22)}&code=${code}`)) },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(70_000).fill(97)) },
);

const own = [["origin", "{self}"]] as const;

const anything: fc.Arbitrary<FuzzedRequest> = fc
  .record({
    way,
    query: fc.array(parameter, { maxLength: 5 }),
    isOwn: fc.boolean(),
    headers: fc.array(header, { maxLength: 4 }),
    cookie,
    body,
    raw: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  })
  .map(({ way: { method, path }, query, isOwn, headers, cookie: kept, body: sent, raw }) => {
    return { method, path, query, headers: isOwn ? [...own, ...headers] : headers, cookie: kept, body: sent, raw };
  });

/** Somebody who comes back from the identity provider, with cookies and a state that fit. */
const returning: fc.Arbitrary<FuzzedRequest> = fc
  .tuple(anything, fc.boolean(), fc.boolean(), returnUrl, parameter)
  .map(([{ headers, cookie: kept, body: sent, raw }, signsIn, silent, url, more]) => ({
    method: "GET",
    path: signsIn ? "/auth/callback" : "/auth/signed-out",
    query: [["state", "s".repeat(22)], silent ? ["error", "login_required"] : ["code", "0.AAAA"], more],
    headers,
    cookie: {
      session: kept.session,
      signIn: signsIn ? { returnUrl: url, silent } : undefined,
      signOut: signsIn ? undefined : { returnUrl: url },
      more: kept.more,
    },
    body: sent,
    raw,
  }));

const claims: Readonly<Record<string, readonly unknown[]>> = {
  sid: ["{sid}", "unknown", "", null, 7, ["{sid}"]],
  sub: ["somebody", "", null, {}],
  jti: ["the same", "", 1],
  iat: [0, 1e12, "now", null],
  exp: [0, 1e308, null],
  nbf: [1e12, "later"],
  aud: ["another", [], null],
  iss: ["https://evil.example/v2.0", null],
  events: [{}, [], "logout", { "http://schemas.openid.net/event/backchannel-logout": 1 }],
  nonce: ["n", null],
};

const claim = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...Object.entries(claims))
      .chain(([name, values]) => fc.tuple(fc.constant(name), fc.constantFrom(...values))),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...Object.keys(claims)), fc.oneof(text, fc.jsonValue())) },
);

/** The identity provider's server, with a token that is valid, or signed by the right key and wrong all the same. */
const informing: fc.Arbitrary<FuzzedRequest> = fc
  .tuple(
    anything,
    fc.constantFrom({ sid: "{sid}" }, { sub: "somebody" }),
    fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(claim, { maxLength: 3 }) }),
  )
  .map(([{ query, headers, cookie: kept, raw }, whom, changes]) => ({
    method: "POST",
    path: "/auth/backchannel-logout",
    query,
    headers: [...headers.filter(([name]) => name !== "content-type"), form],
    // The token's `sid` is that of a session.
    cookie: { ...kept, session: "fresh" },
    body: undefined,
    logoutToken: { ...whom, ...Object.fromEntries(changes) },
    raw,
  }));

const form = ["content-type", "application/x-www-form-urlencoded"] as const;

export const requests = fc.oneof(
  { weight: 8, arbitrary: anything },
  { weight: 2, arbitrary: returning },
  { weight: 1, arbitrary: informing },
);

const framing = new Set(Object.keys(framingChoices));

/** Whether its end may be anywhere, so that it may well go unanswered. */
export function isOddlyFramed({ headers, raw }: FuzzedRequest): boolean {
  return raw || headers.some(([name]) => framing.has(name));
}

/** Bytes that are hardly HTTP. */
export const scribbles: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
  fc
    .array(fc.oneof(text, fc.constantFrom("GET ", " HTTP/1.1", "\r\n", "host: localhost", ": ", "/")), {
      maxLength: 12,
    })
    .map((parts) => new TextEncoder().encode(parts.join("") + "\r\n\r\n")),
);

/** A name with one of its values. */
function oneOf(choices: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<[name: string, value: string]> {
  return fc
    .constantFrom(...Object.entries(choices))
    .chain(([name, values]) => fc.tuple(fc.constant(name), fc.constantFrom(...values)));
}
