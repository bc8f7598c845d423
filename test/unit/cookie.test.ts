import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  formatSessionCookie,
  newSessionCookie,
  parseSessionCookie,
  sessionCookieMaxAge,
} from "../../shared/session/cookie.ts";
import { cookieJar, type CookieJar } from "../../shared/http/cookie-jar.ts";
import { sessionKeyOf } from "../../shared/account/document.ts";
import { firefox, safari } from "./support/browser.ts";

const https = "https://app.example";
const localhost = "http://localhost:7071";
const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const edge = `${chrome} Edg/140.0.0.0`;
const chromeOnIphone =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1";

const settingsOf = (publicBaseUrl: string, cookieName = "session") => ({ publicBaseUrl, session: { cookieName } });

function jarOf(cookie: string, publicBaseUrl = https, userAgent = firefox): CookieJar {
  return cookieJar(new Headers({ cookie, "user-agent": userAgent }), settingsOf(publicBaseUrl));
}

function nameOf(publicBaseUrl: string, userAgent: string): string | undefined {
  const jar = jarOf("", publicBaseUrl, userAgent);
  jar.set("session", "v");
  return jar.changes[0]?.name;
}

describe("a cookie of the app", () => {
  const jar = jarOf("");
  jar.set("session", "value");

  test("belongs to this host alone, and scripts and other sites' requests do not get it", () => {
    assert.deepEqual(jar.changes, [
      { name: "__Host-session", value: "value", path: "/", httpOnly: true, secure: true, sameSite: "Lax" },
    ]);
  });

  test("ends with the browser unless it is told how long it lasts", () => {
    const other = jarOf("");
    other.set("a", "1", 60);
    assert.equal(jar.changes[0]?.maxAge, undefined);
    assert.equal(other.changes[0]?.maxAge, 60);
  });

  test("is cleared by its age, for the same path and with the same name", () => {
    const other = jarOf("__Host-session=x");
    other.clear("session");
    assert.deepEqual(other.changes, [
      { name: "__Host-session", value: "", path: "/", httpOnly: true, secure: true, sameSite: "Lax", maxAge: 0 },
    ]);
  });

  test("that is cleared and set in one answer is set, and the other way round", () => {
    const other = jarOf("");
    other.clear("a");
    other.set("a", "1");
    other.set("b", "1");
    other.clear("b");
    assert.deepEqual(
      other.changes.map(({ name, value }) => [name, value]),
      [
        ["__Host-a", "1"],
        ["__Host-b", ""],
      ],
    );
  });
});

describe("the browser's prefix", () => {
  test("is used on https by every browser", () => {
    for (const userAgent of [firefox, chrome, edge, safari, chromeOnIphone, ""]) {
      assert.equal(nameOf(https, userAgent), "__Host-session");
    }
  });

  test("is used on http://localhost where the browser takes it", () => {
    for (const userAgent of [firefox, chrome, edge, ""]) assert.equal(nameOf(localhost, userAgent), "__Host-session");
  });

  test("is left out, with Secure, for Safari's engine on http://localhost", () => {
    for (const userAgent of [safari, chromeOnIphone]) {
      const jar = jarOf("", localhost, userAgent);
      jar.set("session", "v");
      assert.deepEqual([jar.changes[0]?.name, jar.changes[0]?.secure], ["session", false]);
    }
  });

  test("cannot be done without on https: another host of the domain could plant the cookie", () => {
    assert.equal(jarOf("session=planted", https, safari).read("session"), undefined);
  });
});

/** `Headers` takes nothing above U+00FF. */
const anyHeader = (cookie: string) => new Map([["cookie", cookie]]) as unknown as Headers;

const read = (header: string) => jarOf(header).read("session");

describe("a request's cookies", () => {
  test("are read by name", () => {
    assert.equal(read("a=1; __Host-session=v; b=2"), "v");
    assert.equal(read("__Host-session=v"), "v");
    assert.equal(read("__Host-session = v "), "v");
  });

  test("may hold equals signs", () => assert.equal(read("__Host-session=a=b"), "a=b"));

  test("with one name twice: neither counts, and both are known to be there", () => {
    for (const header of [
      "__Host-session=1; __Host-session=2",
      "__Host-session=1; a=b; __Host-session=1",
      "__Host-session=; __Host-session=1",
      "__Host-session=1; __Host-session=2; __Host-session=3",
    ]) {
      const jar = jarOf(header);
      assert.equal(jar.read("session"), undefined, header);
      assert.equal(jar.has("session"), true, header);
    }
    assert.equal(jarOf("__Host-sessions=1").has("session"), false);
  });

  /* Every blank that JavaScript's `trim()` takes, and letters that case mapping or normalisation makes ASCII of. */
  const lookalikes = [
    ...Array.from("\v\f\u00a0\u0085\u00ad\u1680\u2000\u2007\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\0\x1f\x7f"),
    "Â ",
    '"',
    "=",
    ",",
    "$",
    "%20",
  ].flatMap((odd) => [`${odd}__Host-session`, `__Host-session${odd}`, ` ${odd} __Host-session`]);

  test("with names that only look like the app's are none of the app's, alone and beside the right one", () => {
    const spellings = ["__HOST-session", "__Host-Session", "__Host-ſession", "__Host-%73ession", "__Host-session[]"];
    for (const name of [...lookalikes, ...spellings]) {
      const planted = cookieJar(anyHeader(`${name}=planted`), settingsOf(https));
      // An equals sign belongs to the value, which is then none of a session.
      const value = name === "__Host-session=" ? "=planted" : undefined;
      assert.equal(planted.read("session"), value, JSON.stringify(name));
      if (value !== undefined) continue;
      assert.equal(planted.has("session"), false, JSON.stringify(name));
      assert.deepEqual(planted.names("sess"), name.startsWith("__Host-sess") ? planted.names("sess") : []);
      const beside = cookieJar(anyHeader(`${name}=planted; __Host-session=own`), settingsOf(https));
      assert.equal(beside.read("session"), "own", JSON.stringify(name));
    }
  });

  test("lose the spaces and tabs around name and value, and nothing else", () => {
    assert.equal(read("a=1;\t __Host-session \t=\t v\u00a0 \t; b=2"), "v\u00a0");
    assert.equal(read("a=1;__Host-session="), "");
    assert.equal(read("a=1,__Host-session=v"), undefined);
    assert.equal(read('a="1; __Host-session=v"'), 'v"');
  });

  test("with similar names are not confused", () => {
    for (const header of [
      "",
      "__Host-session",
      "__host-session=v",
      "x__Host-session=v",
      "__Host-sessions=v",
      "__Secure-session=v",
    ]) {
      assert.equal(read(header), undefined, header);
    }
  });

  test("with names that every object has are just cookies", () => {
    assert.equal(jarOf("a=1").read("__proto__"), undefined);
    assert.equal(jarOf("").read("constructor"), undefined);
  });

  test("are listed by the beginning of their name, without the browser's prefix", () => {
    const jar = jarOf("__Host-signin-a=1; __Host-signin-b=2; __Host-session=3; signin-c=4");
    assert.deepEqual(jar.names("signin-"), ["signin-a", "signin-b"]);
  });
});

describe("an app with a cookie name of its own", () => {
  const header =
    "__Host-shop=1; __Host-shop-signin-a=2; __Host-session=3; __Host-signin-b=4; __Host-shopping-signin-c=5; shop=6";
  const jarFor = (cookieName: string, publicBaseUrl = https, userAgent = firefox) =>
    cookieJar(new Headers({ cookie: header, "user-agent": userAgent }), settingsOf(publicBaseUrl, cookieName));

  test("finds its own cookies, and no other app's", () => {
    const [shop, plain] = [jarFor("shop"), jarFor("session")];
    assert.deepEqual([shop.read("session"), plain.read("session")], ["1", "3"]);
    assert.deepEqual([shop.names("signin-"), plain.names("signin-")], [["signin-a"], ["signin-b"]]);
    assert.deepEqual([shop.read("signin-a"), shop.read("signin-b")], ["2", undefined]);
    assert.equal(jarFor("Shop").has("session"), false);
  });

  test("names them all by it", () => {
    const jar = jarFor("shop");
    jar.set("session", "v");
    jar.set("signin-x", "v", 60);
    jar.clear("signout-y");
    const names = jar.changes.map(({ name }) => name);
    assert.deepEqual(names, ["__Host-shop", "__Host-shop-signin-x", "__Host-shop-signout-y"]);
  });

  test("has the name alone where Safari takes no prefix", () => {
    assert.equal(jarFor("shop", localhost, safari).read("session"), "6");
    assert.equal(jarFor("shop", https, safari).read("session"), "1");
  });
});

describe("a session cookie's time", () => {
  test("ends with the browser, unless the app says that it is to last as long as a session can", () => {
    const session = { absoluteTimeoutMinutes: 90 * 24 * 60 };
    assert.equal(sessionCookieMaxAge({ ...session, persistentCookie: false }), undefined);
    assert.equal(sessionCookieMaxAge({ ...session, persistentCookie: true }), 90 * 24 * 60 * 60);
  });
});

describe("a session cookie", () => {
  const cookie = newSessionCookie("k".repeat(43));
  const text = formatSessionCookie(cookie);

  test("is read as it was written", () => assert.deepEqual(parseSessionCookie(text), cookie));

  test("has a new secret of 32 bytes every time", () => {
    const secrets = Array.from({ length: 20 }, () => newSessionCookie("k".repeat(43)).secret);
    assert.equal(new Set(secrets).size, 20);
    assert.ok(secrets.every((secret) => Buffer.from(secret, "base64url").length === 32));
  });

  const bad: readonly [what: string, value: string | undefined][] = [
    ["missing", undefined],
    ["empty", ""],
    ["a dot", "."],
    ["cut off", text.slice(0, -1)],
    ["cut off in the middle", text.slice(0, 50)],
    ["too long", `${text}A`],
    ["far too long", text + "A".repeat(100_000)],
    ["without a dot", text.replace(".", "")],
    ["with two dots", `${text}.x`],
    ["with a line break at the end", `${text}\n`],
    ["with foreign characters", text.replace(/.$/, "é")],
    ["with standard base64", text.replace(/.$/, "+")],
    ["with a percent code", text.replace(".", "%2E")],
    ["with a path in the account's place", `${"../".repeat(14)}x.${cookie.secret}`],
    ["with a quoted value", `"${text}"`],
  ];
  for (const [what, value] of bad) {
    test(`that is ${what} is none`, () => assert.equal(parseSessionCookie(value), undefined));
  }

  test("has one spelling: another last character is another cookie", () => {
    const opensSame = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
      .map((last) => parseSessionCookie(text.slice(0, -1) + last))
      .filter((other) => other && sessionKeyOf(other.secret) === sessionKeyOf(cookie.secret));
    assert.equal(opensSame.length, 1);
  });
});
