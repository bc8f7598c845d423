import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { dumpStore } from "../support/store.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { ownForm, sessionCookie, signIn, startWorld, type World } from "../support/world.ts";

const host = "evil.example";

/** Ways to write an address elsewhere so that it may pass for a path of this app. */
const disguises = (own: string): readonly string[] =>
  [
    [`//${host}`, `///${host}`, `/\\${host}`, `\\\\${host}`, `\\/${host}`, `/\\/${host}`, `//\\${host}`],
    [`/%2f${host}`, `/%2F${host}`, `/%2F%2F${host}`, `/%5c${host}`, `/%5C%5C${host}`, `%2f%2f${host}`],
    [`/\t/${host}`, `/\n/${host}`, `/\r\n/${host}`, `\t//${host}`, `\n//${host}`, ` //${host}`, `/ /${host}`],
    [`\u00a0//${host}`, `/\u0000/${host}`, `/\u2028/${host}`, `/\u3000/${host}`, `/\uff0f${host}`],
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:x", "\u0001javascript:x"],
    ["data:text/html,x", "vbscript:x", "blob:x", "about:blank", "file:///etc/passwd", `ftp://${host}`, "mailto:a@b"],
    [`https://${host}`, `http://${host}`, `https:${host}`, `https:/${host}`, `http:\\\\${host}`, `HTTPS://${host}`],
    [`${own}.${host}/`, `${own}@${host}/`, `${own}:80@${host}/`, `${own}\\@${host}`, "http://user@localhost/"],
    [own.replace("http:", "https:"), own.replace(/\d+$/, "1"), own.replace("localhost", "127.0.0.1")].map(
      (x) => `${x}/`,
    ),
    [`${own}//${host}`, `${own}/\\${host}`, `${own}/%2f${host}`, `${own}/a/..//${host}`],
    [`/a/..//${host}`, `/./\\${host}`, `/.//${host}`, `/%2e//${host}`, `/a/%2e%2e//${host}`, `/..//${host}`],
    [`/a/../%2f${host}`, `//${host}/${"a".repeat(3_000)}`],
  ].flat();

/** What looks odd and stays in the app. */
const harmless: Readonly<Record<string, string>> = {
  "/": "/",
  "/reports?year=2026&month=1#top": "/reports?year=2026&month=1#top",
  "/?next=https://evil.example/": "/?next=https://evil.example/",
  "/a//b": "/a//b",
  "/%252f%252fevil.example": "/%252f%252fevil.example",
  "/%09/evil.example": "/%09/evil.example",
  "/a/../b": "/b",
  "/@evil.example": "/@evil.example",
  "/%00": "/%00",
};

/** What is no path of the app, and no other place. */
const odd = ["reports", host, `@${host}`, `?//${host}`, ";", "%", "/caf\u00e9", "/a b", `/${"a".repeat(1_000)}`];

describe("what somebody may ask of a sign-in", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
    client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
  });
  after(() => world.stop());

  const fromOwnPage = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  const login = (query: string) => world.client().fetch(`/auth/login?${query}`, { headers: fromOwnPage });

  it("to return to another origin, in any disguise: refused where it is asked for, also at a sign-out", async () => {
    const stored = await dumpStore(world);
    for (const disguise of disguises(world.publicBaseUrl)) {
      const query = `returnUrl=${encodeURIComponent(disguise)}`;
      const answers = [
        await login(query),
        await client.fetch(`/auth/logout?${query}`),
        await client.fetch(`/auth/logout?${query}`, {
          ...ownForm(world.publicBaseUrl),
          headers: { origin: world.publicBaseUrl },
        }),
      ];
      for (const answer of answers) {
        assert.equal(answer.status, 400, `${JSON.stringify(disguise)} led to ${answer.headers.location}`);
        assertProblem(answer, 400, "invalid_return_url");
        assert.equal(answer.headers["set-cookie"], undefined);
      }
    }
    assert.deepEqual(await dumpStore(world), stored);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("to return to another origin by a planted cookie of a sign-out: refused", async () => {
    const state = "A".repeat(22);
    for (const disguise of disguises(world.publicBaseUrl)) {
      const browser = world.client();
      browser.setCookie("localhost", `__Host-signout-${state}`, Buffer.from(disguise).toString("base64url"));
      const answer = await browser.fetch(`/auth/signed-out?state=${state}`);
      assert.equal(answer.status, 400, `${JSON.stringify(disguise)} led to ${answer.headers.location}`);
    }
  });

  for (const [wanted, landing] of Object.entries(harmless)) {
    it(`to return to ${wanted}: done`, async () => {
      const browser = world.client();
      const query = new URLSearchParams({ loginHint: "bruno@contoso.example", returnUrl: wanted });
      const { trail } = await browser.navigate(`/auth/login?${query.toString()}`);
      const back = trail.find(({ url }) => url.includes("/auth/callback?"));
      assert.equal(back?.headers.location, landing);
    });
  }

  it("to return to markup: shown as text", async () => {
    const wanted = `/"><script>alert(1)</script>'?a="><script>#"><script>'`;
    const page = await client.fetch(`/auth/logout?returnUrl=${encodeURIComponent(wanted)}`, { headers: fromOwnPage });
    assert.equal(page.status, 200);
    assert.ok(!page.body.includes("<script"), page.body);
    assert.match(page.body, /<a class="button secondary" href="\/[^"<>]+">Stay signed in<\/a>/);
  });

  it("to return to two places: refused", async () => {
    assertProblem(await login("returnUrl=/a&returnUrl=/b"), 400, "invalid_request");
    assertProblem(await login("returnUrl=/a&return_url=/a"), 400, "invalid_request");
  });

  it("to return to what is too long or no path: signed in, and at the app's start", async () => {
    for (const wanted of [...odd, `/${"a".repeat(4_000)}`]) {
      const query = new URLSearchParams({ loginHint: "bruno@contoso.example", returnUrl: wanted });
      const { trail } = await world.client().navigate(`/auth/login?${query.toString()}`);
      const back = trail.find(({ url }) => url.includes("/auth/callback?"));
      assert.equal(back?.headers.location, "/", wanted.slice(0, 20));
      const logout = `/auth/logout?${new URLSearchParams({ returnUrl: wanted }).toString()}`;
      const asked = await client.fetch(logout, { headers: fromOwnPage });
      assert.match(asked.body, /href="\/">Stay signed in/);
    }
  });

  const refused: Readonly<Record<string, readonly string[]>> = {
    prompt: ["sometimes", "login none", "LOGIN", "none&prompt=none", "<script>"],
    claims: ["x", "5", "null", "[]", '"x"', "{", "{}&claims={}", `{"a":"${"x".repeat(4_096)}"}`],
    scope: ['a"b', "a\\b", "a\tb", "a\nb", "é", "x".repeat(501), "a&scope=b"],
    loginHint: ["x".repeat(321), "a&loginHint=b"],
    domainHint: ["x".repeat(256), "a&domainHint=b"],
  };
  for (const [name, values] of Object.entries(refused)) {
    it(`a ${name} that is none: refused, and no sign-in begins`, async () => {
      for (const value of values) {
        const query = value.includes(`&${name}=`) ? `${name}=${value}` : `${name}=${encodeURIComponent(value)}`;
        const answer = await login(query);
        assert.equal(answer.status, 400, query);
        assertProblem(answer, 400, "invalid_request");
        assert.match(String(answer.json()["detail"]), new RegExp(`parameter ${name} `));
        assert.equal(answer.headers["set-cookie"], undefined);
      }
    });
  }

  it("with parameters hidden in a value: each stays a value, the request is the app's own", async () => {
    const smuggled = "x&redirect_uri=https://evil.example/&response_type=token&client_id=evil#";
    const query = new URLSearchParams({ loginHint: smuggled, domainHint: smuggled, acr_values: "a&b=c" });
    const url = new URL((await login(query.toString())).headers.location ?? "");
    assert.equal(url.origin, world.identityProvider.publicUrl);
    for (const name of [
      "redirect_uri",
      "response_type",
      "client_id",
      "state",
      "nonce",
      "code_challenge",
      "login_hint",
    ]) {
      assert.equal(url.searchParams.getAll(name).length, 1, name);
    }
    assert.equal(url.searchParams.get("redirect_uri"), `${world.publicBaseUrl}/auth/callback`);
    assert.equal(url.searchParams.get("response_type"), "code");
    assert.equal(url.searchParams.get("code_challenge_method"), "S256");
    assert.equal(url.searchParams.get("login_hint"), smuggled);
    assert.equal(url.hash, "");
  });

  it("again and again: the cookies of the sign-ins under way stay few", async () => {
    const browser = world.client();
    for (let begun = 0; begun < 20; begun++) await browser.fetch("/auth/login");
    const cookies = [...browser.cookies("localhost").keys()].filter((name) => name.includes("signin-"));
    assert.ok(cookies.length <= 7, `${cookies.length} cookies`);
  });

  it("seven times in seven tabs: only the first one has to begin again", async () => {
    const browser = world.client();
    const begun: URL[] = [];
    for (let tab = 0; tab < 7; tab++) begun.push(await untilCallback(browser, "ada@contoso.example"));
    const [first, ...others] = begun;
    assertProblem(await browser.fetch(first?.href ?? ""), 400, "signin_unknown");
    for (const url of others) assert.equal((await browser.fetch(url.href)).status, 302);
  });

  describe("without going there", () => {
    const document = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
    const loaded: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      "by fetch": { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "sec-fetch-site": "same-origin" },
      "by fetch of another site": {
        "sec-fetch-mode": "no-cors",
        "sec-fetch-dest": "empty",
        "sec-fetch-site": "cross-site",
      },
      "as a picture": { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image", "sec-fetch-site": "cross-site" },
      "as a script": { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" },
      "in a frame": { ...document, "sec-fetch-dest": "iframe" },
      "as an object": { ...document, "sec-fetch-dest": "object" },
      "loaded ahead": { ...document, "sec-purpose": "prefetch" },
      "rendered ahead": { ...document, "sec-purpose": "prefetch;prerender" },
      "loaded ahead by a proxy": { ...document, "sec-purpose": "prefetch;anonymous-client-ip" },
      "loaded ahead by Chromium of old": { ...document, purpose: "prefetch" },
      "loaded ahead by Firefox of old": { "x-moz": "prefetch" },
      "for Safari's top sites": { "x-purpose": "preview" },
    };
    for (const [how, headers] of Object.entries(loaded)) {
      it(`${how}: told so, and no sign-in begins`, async () => {
        const answer = await world.client().fetch("/auth/login", { headers });
        assert.equal(answer.status, 400);
        assert.match(answer.body, /navigation_required|works only when opened in a tab/);
        assert.deepEqual([answer.headers["set-cookie"], answer.headers["cache-control"]], [undefined, "no-store"]);
      });
    }

    it("loaded ahead where a sign-in or sign-out comes back: nothing is used up", async () => {
      const browser = world.client();
      const url = await untilCallback(browser, "ada@contoso.example");
      const ahead = { ...document, "sec-purpose": "prefetch" };
      for (const path of [url.href, "/auth/cookie-check", "/auth/signed-out"]) {
        const answer = await browser.fetch(path, { headers: ahead });
        assert.deepEqual([answer.status, answer.headers["set-cookie"]], [400, undefined], path);
      }
      assert.equal((await browser.fetch(url.href, { headers: document })).status, 302);
    });

    it("by a program or an old browser, which do not say what they do: a sign-in begins", async () => {
      assert.equal((await world.client().fetch("/auth/login")).status, 302);
      const byNode = await fetch(`${world.publicBaseUrl}/auth/login`, { redirect: "manual" });
      assert.deepEqual([byNode.status, byNode.headers.getSetCookie().length], [302, 1]);
    });
  });

  describe("for more than usual", () => {
    const wanted = ["scope=User.Read", "prompt=consent", `claims=${encodeURIComponent('{"access_token":{}}')}`];
    const foreign = { ...fromOwnPage, "sec-fetch-site": "cross-site", referer: "https://evil.example/" };

    it("by a link of another site, of a mail or a bookmark: refused, and a plain sign-in is one click away", async () => {
      for (const query of wanted) {
        for (const headers of [foreign, { ...foreign, "sec-fetch-site": "none" }, {}]) {
          const answer = await world.client().fetch(`/auth/login?${query}`, { headers });
          assertProblem(answer, 403, "cross_site_request");
          assert.equal(answer.headers["set-cookie"], undefined);
        }
      }
    });

    it("by a link of another site to the page that asks before a sign-out: a click there does not lead to it", async () => {
      const query = new URLSearchParams({ returnUrl: "/auth/login?prompt=consent" }).toString();
      for (const headers of [foreign, { ...foreign, "sec-fetch-site": "none" }, {}]) {
        const { body } = await client.fetch(`/auth/logout?${query}`, { headers });
        assert.match(body, /href="\/">Stay signed in/);
      }
      const { body } = await client.fetch(`/auth/logout?${query}`, { headers: fromOwnPage });
      assert.match(body, /href="\/auth\/login\?prompt=consent">Stay signed in/);
    });

    it("by the app's own page: passed on, if the scope is one of the app's", async () => {
      for (const query of wanted) assert.equal((await login(query)).status, 302, query);
      assertProblem(await login("scope=Directory.ReadWrite.All"), 400, "invalid_request");
    });

    it("with a scope that a setting names: passed on", async () => {
      const instance = await world.startInstance({ AzureAd__ExtraScopes: "Mail.Read Calendars.Read" });
      const browser = world.client(world.instances.indexOf(instance));
      const answer = await browser.fetch("/auth/login?scope=Mail.Read", { headers: fromOwnPage });
      assert.match(new URL(answer.headers.location ?? "").searchParams.get("scope") ?? "", /\bMail\.Read\b/);
    });
  });

  describe("about how the identity provider is to ask", () => {
    it("passed on", async () => {
      const url = new URL(
        (await login("ui_locales=de-CH+fr&acr_values=c1&display=popup&max_age=60")).headers.location ?? "",
      );
      const passed = ["ui_locales", "acr_values", "display", "max_age"].map((name) => url.searchParams.get(name));
      assert.deepEqual(passed, ["de-CH fr", "c1", "popup", "60"]);
    });

    it("with what is the app's own to choose, or that it does not have: named in the refusal", async () => {
      for (const name of [
        "redirect_uri",
        "client_id",
        "response_type",
        "response_mode",
        "nonce",
        "state",
        "id_token_hint",
      ]) {
        const answer = await login(`${name}=x`);
        assertProblem(answer, 400, "invalid_request");
        assert.match(String(answer.json()["detail"]), new RegExp(`\\b${name}\\b`));
      }
    });

    it("with a greatest age: a sign-in that is new enough is taken", async () => {
      const browser = world.client();
      const url = await untilCallback(browser, "ada@contoso.example", { max_age: "60" });
      assert.equal((await browser.fetch(url.href)).status, 302);
    });

    it("with a greatest age: one that the identity provider took from an earlier sign-in is refused, or one of no known time", async () => {
      for (const authTime of [Math.floor(Date.now() / 1000) - 3_600, undefined]) {
        const browser = world.client();
        const url = await untilCallback(browser, "ada@contoso.example", { max_age: "60" });
        world.identityProvider.controls.tamperWithNextIdToken({ claims: { auth_time: authTime } });
        assertProblem(await browser.fetch(url.href), 400, "signin_invalid");
        assert.equal(browser.cookies("localhost").get(sessionCookie), undefined);
      }
    });
  });
});
