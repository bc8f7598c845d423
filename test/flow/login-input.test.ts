import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { dumpStore } from "../support/store.ts";
import { ownForm, signIn, startWorld, type World } from "../support/world.ts";

const host = "evil.example";

/** Ways to write an address elsewhere so that it may pass for a path of this app. */
const disguises = (own: string): readonly string[] =>
  [
    [`//${host}`, `///${host}`, `/\\${host}`, `\\\\${host}`, `\\/${host}`, `/\\/${host}`, `//\\${host}`],
    [`/%2f${host}`, `/%2F${host}`, `/%2F%2F${host}`, `/%5c${host}`, `/%5C%5C${host}`, `%2f%2f${host}`],
    [`/\t/${host}`, `/\n/${host}`, `/\r\n/${host}`, `\t//${host}`, `\n//${host}`, ` //${host}`, `/ /${host}`],
    [`\u00a0//${host}`, `/\u0000/${host}`, `/\u2028/${host}`, `/\u3000/${host}`, `/\uff0f${host}`, "/\u00e9"],
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:x", "\u0001javascript:x"],
    ["data:text/html,x", "vbscript:x", "blob:x", "about:blank", "file:///etc/passwd", `ftp://${host}`, "mailto:a@b"],
    [`https://${host}`, `http://${host}`, `https:${host}`, `https:/${host}`, `http:\\\\${host}`, `HTTPS://${host}`],
    [own, `${own}.${host}/`, `${own}@${host}/`, `${own}:80@${host}/`, `${own}\\@${host}`, "http://user@localhost/"],
    [own.replace("http:", "https:"), own.replace(/\d+$/, "1"), own.replace("localhost", "127.0.0.1")].map(
      (x) => `${x}/`,
    ),
    [`${own}//${host}`, `${own}/\\${host}`, `${own}/%2f${host}`, `${own}/a/..//${host}`],
    [`/a/..//${host}`, `/./\\${host}`, `/.//${host}`, `/%2e//${host}`, `/a/%2e%2e//${host}`, `/..//${host}`],
    [
      `/a/../%2f${host}`,
      host,
      `@${host}`,
      `.${host}`,
      `?//${host}`,
      `#//${host}`,
      ";",
      "*",
      "%",
      `/${"a".repeat(1_000)}`,
    ],
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

describe("what somebody may ask of a sign-in", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
    client = world.client();
    await signIn(client, "ada@contoso.example", "/healthz");
  });
  after(() => world.stop());

  const login = (query: string) => world.client().fetch(`/auth/login?${query}`);

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
    const page = await client.fetch(`/auth/logout?returnUrl=${encodeURIComponent(wanted)}`);
    assert.equal(page.status, 200);
    assert.ok(!page.body.includes("<script"), page.body);
    assert.match(page.body, /<a class="button secondary" href="[^"<>]*">Stay signed in<\/a>/);
  });

  it("to return to two places or to one that is too long: refused", async () => {
    assertProblem(await login("returnUrl=/a&returnUrl=/b"), 400, "invalid_request");
    assertProblem(await login(`returnUrl=/${"a".repeat(2_048)}`), 400, "invalid_request");
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
    const query = new URLSearchParams({ loginHint: smuggled, domainHint: smuggled, scope: "a&b=c" });
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
});
