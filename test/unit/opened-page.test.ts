import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { ownDefinition } from "../../functions/own-definition.ts";
import type { OwnFunction } from "../../functions/own-function.ts";
import { ApiSignInRequiredError, SignInRequiredError } from "../../shared/core/errors.ts";
import { cookieJar } from "../../shared/http/cookie-jar.ts";
import { formatSessionCookie, keepSessionCookie } from "../../shared/session/cookie.ts";
import { sessionLost } from "../../shared/session/ended.ts";
import { newTransaction } from "../../shared/sign-in/new-transaction.ts";
import { finishTransaction } from "../../shared/sign-in/transaction.ts";
import { testApp, type TestApp } from "./support/app.ts";
import { call, type Exchange } from "./support/http.ts";
import { signIn } from "./support/sessions.ts";

const navigation = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
const path = "/orders?year=2026&page=2";
const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
const stepUp = () => new SignInRequiredError("One more factor.", { claims, sessionEnded: false });

let app: TestApp;
beforeEach(() => (app = testApp()));

interface Opening {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  /** What the function throws. */
  readonly error?: Error;
  readonly page?: boolean;
}

async function open({ headers = navigation, cookies = [], error, page = true }: Opening = {}): Promise<Exchange> {
  const handler: OwnFunction["handler"] = (_request, _session, { nonce }) => {
    if (error) throw error;
    return { headers: { "content-type": "text/html" }, body: `<style nonce="${nonce}"></style>` };
  };
  const definition = ownDefinition("orders", { route: "orders", methods: ["GET"], handler, page });
  return call(app, definition, { path, headers: { ...headers, cookie: cookies.join("; ") } });
}

/** Where the page goes by itself, if it does. */
function onward({ body }: Exchange): URL | undefined {
  const target = /<meta name="onward" content="([^"]*)"/.exec(String(body))?.[1]?.replaceAll("&amp;", "&");
  return target === undefined ? undefined : new URL(target, "https://app.example");
}

async function sessionCookie(): Promise<string> {
  return `__Host-session=${formatSessionCookie(await signIn(app, "ada", { sid: "s1" }))}`;
}

/** The browser's note of a sign-in that has led here. */
function signedInBefore(asked: { returnUrl?: string; claims?: string; opened?: boolean } = {}): string {
  const jar = cookieJar(new Headers(), app.configuration);
  const { returnUrl = path, opened = true, ...about } = asked;
  finishTransaction(jar, newTransaction(returnUrl, false, app.clock, null, about), { opened });
  return jar.changes.map(({ name, value }) => `${name}=${value}`).join("; ");
}

describe("a page of one's own, opened without a session", () => {
  test("takes the person to the sign-in, which leads back to the same address, and logs no refusal", async () => {
    const exchange = await open();
    assert.equal(exchange.response.status, 401);
    const { pathname, searchParams } = onward(exchange) ?? assert.fail("it stays");
    assert.deepEqual([pathname, ...searchParams], ["/auth/login", ["returnUrl", path]]);
    assert.match(exchange.headers["content-security-policy"] ?? "", /script-src 'sha256-/);
    assert.doesNotMatch(exchange.log, /request_refused/);
  });

  test("answers programs, frames, prefetches and scripts 401", async () => {
    for (const headers of [
      { accept: "application/json" },
      { accept: "text/html", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" },
      { ...navigation, "sec-fetch-dest": "iframe", "sec-fetch-site": "same-origin" },
      { ...navigation, "sec-purpose": "prefetch" },
    ]) {
      const exchange = await open({ headers });
      assert.equal(exchange.response.status, 401);
      assert.equal(onward(exchange), undefined);
    }
    assert.equal(onward(await open({ page: false })), undefined);
  });

  test("does not go in a circle: after a sign-in for this address that has just changed nothing, the person decides", async () => {
    assert.equal(onward(await open({ cookies: [signedInBefore()] })), undefined);
    assert.equal(onward(await open({ cookies: [signedInBefore({ returnUrl: `${path}#top` })] })), undefined);
    assert.ok(onward(await open({ cookies: [signedInBefore({ opened: false })] })));
    assert.ok(onward(await open({ cookies: [signedInBefore({ returnUrl: "/" })] })));
  });

  test("with a cookie of a session that has ended: notes that, whatever it has just been through", async () => {
    const ended = `__Host-session=${formatSessionCookie({ accountKey: "a".repeat(43), secret: "A".repeat(43) })}`;
    const exchange = await open({ cookies: [ended, signedInBefore()] });
    assert.ok(onward(exchange));
    assert.deepEqual(
      [...exchange.cookies],
      [
        ["__Host-session", ""],
        ["__Host-ended", "1"],
      ],
    );
    assert.ok(onward(await open({ cookies: ["__Host-ended=1", signedInBefore()] })));
  });
});

describe("a page of one's own that needs more of the signed-in person", () => {
  test("goes on to a sign-in with the claims, once", async () => {
    const session = await sessionCookie();
    const target = onward(await open({ cookies: [session, signedInBefore()], error: stepUp() }));
    assert.equal(target?.searchParams.get("claims"), claims);
    assert.equal(target?.searchParams.get("returnUrl"), path);
    const again = await open({ cookies: [session, signedInBefore({ claims })], error: stepUp() });
    assert.equal(onward(again), undefined);
    assert.equal(again.response.status, 401);
  });

  test("goes on to a sign-in for the API that needs consent", async () => {
    const error = new ApiSignInRequiredError("orders", undefined);
    const target = onward(await open({ cookies: [await sessionCookie()], error }));
    assert.equal(target?.searchParams.get("api"), "orders");
  });

  test("stops after the third sign-in, if each time new claims are wanted", async () => {
    const cookies = [await sessionCookie(), ...["1", "2", "3"].map((n) => signedInBefore({ claims: `{"n":${n}}` }))];
    assert.equal(onward(await open({ cookies, error: stepUp() })), undefined);
    assert.ok(onward(await open({ cookies: cookies.slice(0, 3), error: stepUp() })));
  });

  test("stays where a sign-in is not it: claims too long for an address, or a session that has changed meanwhile", async () => {
    const cookies = [await sessionCookie()];
    const long = new SignInRequiredError("", { claims: `{"a":"${"a".repeat(2_000)}"}`, sessionEnded: false });
    for (const error of [long, sessionLost()]) assert.equal(onward(await open({ cookies, error })), undefined);
  });
});

test("HTML of a page gets the app's policy, with the nonce that its handler got, new for each answer", async () => {
  const cookies = [await sessionCookie()];
  const nonces = await Promise.all(
    [1, 2].map(async () => {
      const { headers, body } = await open({ cookies });
      const nonce = /nonce="([\w-]+)"/.exec(String(body))?.[1];
      assert.match(headers["content-security-policy"] ?? "", new RegExp(`style-src 'self' 'nonce-${nonce}'`));
      return nonce;
    }),
  );
  assert.equal(new Set(nonces).size, 2);
});

test("a new session's cookie takes the note of the ended one along", () => {
  const jar = cookieJar(new Headers({ cookie: "__Host-ended=1" }), app.configuration);
  keepSessionCookie(jar, { accountKey: "a", secret: "b" }, undefined);
  assert.deepEqual(
    jar.changes.map(({ name, value }) => [name, value]),
    [
      ["__Host-session", "a.b"],
      ["__Host-ended", ""],
    ],
  );
});
