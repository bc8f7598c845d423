import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callback } from "../../functions/callback.ts";
import { frontChannelLogout } from "../../functions/front-channel-logout.ts";
import { logout, logoutConfirmation } from "../../functions/logout.ts";
import { me } from "../../functions/me.ts";
import { signedOut } from "../../functions/signed-out.ts";
import { beginTransaction, type SignInTransaction } from "../../shared/sign-in/transaction.ts";
import { newTransaction } from "../../shared/sign-in/new-transaction.ts";
import { IdentityProviderUnavailableError } from "../../shared/identity/errors.ts";
import { formatSessionCookie, type SessionCookie } from "../../shared/session/cookie.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import { exactClock, metadata, testApp, type TestApp } from "./support/app.ts";
import { browser, firefox } from "./support/browser.ts";
import { call, type Exchange } from "./support/http.ts";
import { isSignedIn, signIn } from "./support/sessions.ts";

const own = "https://app.example";
const fromOwnPage = { origin: own, "sec-fetch-site": "same-origin", "user-agent": firefox };
const cookieOf = (cookie: SessionCookie) => ({ cookie: `__Host-session=${formatSessionCookie(cookie)}` });
const post = (app: TestApp, headers: Record<string, string> = {}, path = "/auth/logout"): Promise<Exchange> =>
  call(app, logout, { path, headers: { ...fromOwnPage, ...headers } });
const codeOf = ({ body }: Exchange) => (body as { code?: string }).code;

/** A silent sign-in that the identity provider answers with "not without asking", its cookie changed in between. */
async function silentAnswer(changes: Partial<SignInTransaction>): Promise<Exchange> {
  const transaction = { ...newTransaction("/reports", true, exactClock()), ...changes };
  const person = browser();
  const jar = person.request();
  beginTransaction(jar, transaction);
  person.receive(jar);
  const path = `/auth/callback?state=${transaction.state}&error=login_required`;
  return call(testApp(), callback, { path, headers: { cookie: person.header, "user-agent": firefox } });
}

describe("the callback", () => {
  test("takes a silent sign-in that did not succeed back to where it began", async () => {
    const { response, headers, cookies } = await silentAnswer({});
    assert.deepEqual([response.status, headers["location"]], [302, "/reports"]);
    const [note = ""] = cookies.values();
    assert.doesNotMatch(Buffer.from(note, "base64url").toString(), /nonce|codeVerifier/);
  });

  test("does not lead to another origin, whatever the browser's cookie says", async () => {
    for (const returnUrl of [
      "https://evil.example/",
      "//evil.example",
      String.raw`/\evil.example`,
      "javascript:alert(1)",
    ]) {
      const { response, headers } = await silentAnswer({ returnUrl });
      assert.equal(headers["location"], undefined, returnUrl);
      assert.equal(response.status, 400);
    }
  });

  test("answers, whatever the browser's cookie says", async () => {
    for (const returnUrl of ["/a\r\nset-cookie: x=y", "/é", "/\0"]) {
      assert.equal((await silentAnswer({ returnUrl })).headers["location"], "/", JSON.stringify(returnUrl));
    }
  });

  test("shows nothing of what the identity provider's answer says", async () => {
    const path = "/auth/callback?state=x&error=%3Cscript%3E&error_description=%3Cscript%3E";
    const { body } = await call(testApp(), callback, { path, headers: { accept: "text/html" } });
    assert.doesNotMatch(String(body), /<script/);
  });

  test("refuses an answer without state, code, or with one of them twice", async () => {
    for (const query of ["", "code=x", "state=a&state=b&code=x"]) {
      const exchange = await call(testApp(), callback, { path: `/auth/callback?${query}` });
      assert.equal(codeOf(exchange), "invalid_request", query);
    }
  });
});

const expired = cookieOf({ accountKey: "A".repeat(43), secret: "A".repeat(43) });
const get = () => Promise.reject(new IdentityProviderUnavailableError());

describe("signing out", () => {
  test("removes the account, clears the cookie, and goes on to the identity provider", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const { response, headers, cookies } = await post(app, cookieOf(cookie));
    assert.equal(response.status, 303);
    assert.ok(headers["location"]?.startsWith(metadata.endSessionEndpoint ?? ""));
    assert.equal(cookies.get("__Host-session"), "");
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("works while the identity provider is down, and says that the sign-out there is missing", async () => {
    const app = testApp({}, { metadata: { known: undefined, get } });
    const cookie = await signIn(app, "ada", { sid: "s" });
    const { headers } = await post(app, cookieOf(cookie));
    assert.equal(headers["location"], `${own}/auth/signed-out?incomplete=1`);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("by another site changes nothing", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const exchange = await post(app, {
      ...cookieOf(cookie),
      origin: "https://evil.example",
      "sec-fetch-site": "cross-site",
    });
    assert.deepEqual([exchange.response.status, exchange.cookies.size], [403, 0]);
    assert.ok(await isSignedIn(app, cookie));
  });

  test("by a link only asks", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const path = "/auth/logout?returnUrl=/a%22b";
    const { response, body, headers } = await call(app, logoutConfirmation, { path, headers: cookieOf(cookie) });
    assert.equal(response.status, 200);
    assert.match(String(body), /<form method="post" action="\/auth\/logout\?returnUrl=%2Fa%2522b"/);
    assert.match(headers["content-security-policy"] ?? "", /form-action 'self';/);
    assert.ok(await isSignedIn(app, cookie));
  });

  test("that the store does not take is an error, clears the cookie anyway, and is finished later", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    app.memory.accounts.before = () => {
      throw new StoreUnavailableError("read");
    };
    const exchange = await post(app, cookieOf(cookie));
    assert.deepEqual([exchange.response.status, codeOf(exchange)], [503, "signout_deferred"]);
    assert.equal(exchange.cookies.get("__Host-session"), "");
    assert.equal(exchange.deferred.length, 1);
  });

  test("with a session that has expired still leads to the identity provider, where the person is signed in", async () => {
    for (const session of [expired, { cookie: "__Host-session=unreadable" }]) {
      const { response, headers, cookies } = await post(testApp(), session);
      const location = new URL(headers["location"] ?? "");
      assert.equal(response.status, 303);
      assert.equal(location.origin + location.pathname, metadata.endSessionEndpoint);
      assert.equal(location.searchParams.has("logout_hint"), false);
      assert.equal(cookies.get("__Host-session"), "");
      assert.ok(cookies.get(`__Host-signout-${location.searchParams.get("state")}`));
    }
  });

  test("with a session that has expired tells scripts the same", async () => {
    const { response, body } = await post(testApp(), { ...expired, accept: "application/json" });
    assert.equal(response.status ?? 200, 200);
    assert.ok((body as { endSessionUrl: string }).endSessionUrl.startsWith(metadata.endSessionEndpoint ?? "?"));
  });

  test("by a person's form goes on from a page of the app, which no policy of a form holds up", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const { response, body, headers } = await post(app, { ...cookieOf(cookie), accept: "text/html" });
    assert.deepEqual([response.status, headers["location"]], [200, undefined]);
    const [, next = ""] = /<meta http-equiv="refresh" content="0;url=([^"]*)"/.exec(String(body)) ?? [];
    assert.ok(next.startsWith(`${metadata.endSessionEndpoint ?? "?"}?`), next);
    assert.ok(String(body).includes(`href="${next}">Continue`));
    assert.match(headers["content-security-policy"] ?? "", /form-action 'self';/);
  });

  test("without a session leads to the page after signing out, and is an error for scripts", async () => {
    const { response, headers } = await post(testApp());
    assert.deepEqual([response.status, headers["location"]], [303, `${own}/auth/signed-out`]);
    const exchange = await post(testApp(), { accept: "application/json" });
    assert.deepEqual([exchange.response.status, codeOf(exchange)], [401, "signin_required"]);
  });
});

const state = "A".repeat(22);

describe("the page after signing out", () => {
  test("does not tell people who are signed in that they are signed out", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada");
    for (const path of ["/auth/signed-out", "/auth/signed-out?incomplete=1", `/auth/signed-out?state=${state}`]) {
      const headers = { ...cookieOf(cookie), accept: "text/html" };
      const exchange = await call(app, signedOut, { path, headers });
      assert.doesNotMatch(String(exchange.body), /You are signed out/);
      assert.deepEqual([exchange.response.status, exchange.headers["location"]], [302, "/"], path);
    }
  });

  test("tells people who are not signed in that they are signed out", async () => {
    const { response, body } = await call(testApp(), signedOut, { headers: { accept: "text/html" } });
    assert.equal(response.status, 200);
    assert.match(String(body), /You are signed out/);
  });

  test("leads to where the sign-out was asked to end, also when a new sign-in has come in between", async () => {
    const app = testApp();
    const { cookie: session } = cookieOf(await signIn(app, "ada"));
    const value = Buffer.from("/reports").toString("base64url");
    const { response, headers, cookies } = await call(app, signedOut, {
      path: `/auth/signed-out?state=${state}`,
      headers: { cookie: `${session}; __Host-signout-${state}=${value}` },
    });
    assert.deepEqual([response.status, headers["location"]], [302, "/reports"]);
    assert.equal(cookies.get(`__Host-signout-${state}`), "");
  });

  test("leads nowhere else, whatever the browser's cookie says", async () => {
    const value = Buffer.from("https://evil.example").toString("base64url");
    const { response, headers } = await call(testApp(), signedOut, {
      path: `/auth/signed-out?state=${state}`,
      headers: { cookie: `__Host-signout-${state}=${value}` },
    });
    assert.deepEqual([response.status, headers["location"]], [400, undefined]);
  });
});

const ask = (app: TestApp, headers: Record<string, string>, query = "") =>
  call(app, me, { path: `/auth/me${query}`, headers: { ...fromOwnPage, ...headers } });

describe("who is signed in", () => {
  test("is nobody without a session: an error, or with optional=1 none, and the dead cookie goes either way", async () => {
    const app = testApp();
    const cookie = cookieOf(await signIn(testApp(), "ada"));
    for (const [query, status] of [
      ["", 401],
      ["?optional=0", 401],
      ["?optional=1", 204],
    ] as const) {
      const withCookie = await ask(app, cookie, query);
      assert.deepEqual([withCookie.response.status, withCookie.cookies.get("__Host-session")], [status, ""], query);
      const without = await ask(app, {}, query);
      assert.deepEqual([without.response.status, without.cookies.size], [status, 0], query);
    }
  });

  test("is the account, with optional=1 too; other errors stay errors", async () => {
    const app = testApp();
    const cookie = cookieOf(await signIn(app, "ada"));
    assert.equal((await ask(app, cookie, "?optional=1")).response.status, undefined);
    const crossSite = { ...cookie, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    assert.equal((await ask(app, crossSite, "?optional=1")).response.status, 403);
  });
});

const visit = (app: TestApp, query: string) =>
  call(app, frontChannelLogout, { path: `/auth/frontchannel-logout?${query}` });

describe("the front-channel sign-out", () => {
  test("needs no cookie, may be framed by the identity provider alone, and is not kept", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    const { response, headers } = await visit(app, "sid=s");
    assert.equal(response.status, 200);
    assert.match(headers["content-security-policy"] ?? "", /frame-ancestors https:\/\/idp\.example;/);
    assert.deepEqual([headers["x-frame-options"], headers["cache-control"]], [undefined, "no-store"]);
    assert.equal(await isSignedIn(app, cookie), false);
  });

  test("of an unknown sid is fine; of none, of two, or of a foreign issuer is refused and changes nothing", async () => {
    const app = testApp();
    const cookie = await signIn(app, "ada", { sid: "s" });
    assert.equal((await visit(app, "sid=unknown")).response.status, 200);
    for (const query of ["", "sid=", "sid=s&sid=s", `sid=${"x".repeat(513)}`, "sid=s&iss=https://evil.example"]) {
      assert.equal((await visit(app, query)).response.status, 400, query);
    }
    assert.ok(await isSignedIn(app, cookie));
  });
});
