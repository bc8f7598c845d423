import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Answer } from "../support/http-client.ts";
import { untilCallback } from "../support/sign-in-steps.ts";
import { signOut } from "../support/sign-out.ts";
import { ownForm, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";
const safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15";

function expectSecurityHeaders({ headers, url, status }: Answer): void {
  const where = `${status} ${url}`;
  assert.equal(headers["x-content-type-options"], "nosniff", where);
  assert.equal(headers["cross-origin-resource-policy"], "same-origin", where);
  assert.equal(headers["x-powered-by"], undefined, where);
  const isJsonOfApi = url.includes("/api/graph/") && status < 400;
  if (isJsonOfApi) {
    assert.match(String(headers["content-type"]), /^application\/json(?:;|$)/, where);
    assert.equal(headers["cache-control"], "no-store", where);
    return;
  }
  assert.equal(headers["referrer-policy"], "same-origin", where);
  assert.equal(headers["cross-origin-opener-policy"], "same-origin", where);
  const policy = String(headers["content-security-policy"]);
  assert.match(policy, /default-src 'none'/, where);
  assert.match(policy, /base-uri 'none'/, where);
  assert.ok(!/unsafe|\*/.test(policy), `${where}: ${policy}`);
  const isFrame = url.includes("frontchannel-logout?sid=");
  assert.equal(headers["x-frame-options"], isFrame ? undefined : "DENY", where);
  assert.equal(policy.includes("frame-ancestors 'none'"), !isFrame, where);
  const isStatic = url.includes("/assets/") || new URL(url).pathname === "/";
  if (!isStatic || status >= 400) assert.equal(headers["cache-control"], "no-store", where);
}

const attributesOf = (cookie = "") =>
  cookie
    .split("; ")
    .slice(1)
    .map((each) => each.toLowerCase())
    .sort();

describe("what every answer says to the browser", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  it("security headers, on every route, whatever the outcome", async () => {
    const client = world.client();
    const paths = [
      [
        "/",
        "/assets/page.js",
        "/assets/auth.js",
        "/assets/auth.d.ts",
        "/assets/style.css",
        "/assets/none",
        "/healthz",
        "/readyz",
      ],
      ["/auth/login", "/auth/login?returnUrl=//x", "/auth/callback", "/auth/callback?state=x", "/auth/me"],
      ["/auth/frontchannel-logout", "/auth/frontchannel-logout?sid=x", "/auth/logout", "/auth/signed-out"],
      ["/auth/signed-out?incomplete=1", "/api/graph/me", "/api/none/me", "/auth/sessions", "/auth/cookie-check"],
      ["/me/profile", "/assets/favicon.svg"],
    ].flat();
    const ask = async () => {
      for (const path of paths) {
        for (const headers of [{}, { accept: "text/html", "sec-fetch-mode": "navigate" }]) {
          expectSecurityHeaders(await client.fetch(path, { headers }));
        }
      }
      expectSecurityHeaders(await client.fetch("/auth/logout", { method: "POST" }));
    };
    await ask();
    const url = await untilCallback(client, ada);
    expectSecurityHeaders(await client.fetch(url.href));
    await ask();
    expectSecurityHeaders(await client.fetch("/api/graph/echo/%5c"));
    world.downstreamApi.controls.failNext({ type: "reset" });
    expectSecurityHeaders(await client.fetch("/api/graph/me"));
    expectSecurityHeaders(await client.fetch("/auth/logout", ownForm(world.publicBaseUrl)));
  });

  it("scripts and styles of the app alone, and forms that lead to the app", async () => {
    const [page, smallPage] = await Promise.all(["/", "/auth/logout"].map(async (path) => world.client().fetch(path)));
    const policies = [page, smallPage].map((answer) => String(answer?.headers["content-security-policy"]));
    assert.match(policies[0] ?? "", /script-src 'self'; style-src 'self';.* form-action 'self';/);
    assert.match(policies[1] ?? "", /script-src 'none'; style-src 'sha256-[^ ]*'; .*form-action 'self';/);
  });

  it("that page and assets may be kept, and asks whether they are still good", async () => {
    for (const path of ["/", "/assets/page.js", "/assets/auth.js", "/assets/style.css", "/assets/favicon.svg"]) {
      const { headers } = await world.client().fetch(path);
      assert.equal(headers["cache-control"], "no-cache");
      const again = await world.client().fetch(path, { headers: { "if-none-match": headers.etag ?? "" } });
      assert.deepEqual([again.status, again.bytes.length], [304, 0]);
    }
  });

  it("page and assets compressed, for those who take it so, and the same text for the others", async () => {
    for (const path of ["/", "/assets/page.js", "/assets/auth.js", "/assets/auth.d.ts", "/assets/style.css"]) {
      const plain = await world.client().fetch(path);
      assert.equal(plain.headers["content-encoding"], undefined);
      const packed = await world.client().fetch(path, { headers: { "accept-encoding": "br;q=1.0, gzip;q=0.8" } });
      assert.equal(packed.headers["content-encoding"], "gzip");
      assert.equal(gunzipSync(packed.bytes).toString(), plain.body);
      assert.ok(packed.bytes.length < plain.bytes.length / 1.5 || plain.bytes.length < 1000);
      assert.equal(packed.headers["content-type"], plain.headers["content-type"]);
      assert.equal(packed.headers.vary, "accept-encoding");
      assert.notEqual(packed.headers.etag, plain.headers.etag);
      const refused = await world.client().fetch(path, { headers: { "accept-encoding": "gzip;q=0, identity" } });
      assert.equal(refused.body, plain.body);
    }
  });

  it("cookies that scripts cannot read, that go to this host only, and not along with other sites' requests", async () => {
    const client = world.client();
    const began = await client.fetch(`/auth/login?loginHint=${ada}&returnUrl=/healthz`);
    const [transaction, ...more] = began.headers["set-cookie"] ?? [];
    assert.equal(more.length, 0);
    assert.match(transaction ?? "", /^__Host-signin-[\w-]{16}=/);
    assert.deepEqual(attributesOf(transaction), ["httponly", "max-age=900", "path=/", "samesite=lax", "secure"]);

    const { trail } = await client.navigate(began.headers.location ?? "");
    const callback = trail.find(({ url }) => url.includes("/auth/callback?"));
    const cookies = callback?.headers["set-cookie"] ?? [];
    assert.equal(cookies.length, 2);
    const session = cookies.find((cookie) => cookie.startsWith("__Host-session="));
    assert.match(session ?? "", /^__Host-session=[\w-]{43}\.[\w-]{43};/);
    // No Max-Age: it ends with the browser.
    assert.deepEqual(attributesOf(session), ["httponly", "path=/", "samesite=lax", "secure"]);
    const over = cookies.find((cookie) => cookie.startsWith("__Host-signin-"));
    // A note of where it led, until somebody signs out.
    assert.deepEqual(attributesOf(over), ["httponly", "max-age=900", "path=/", "samesite=lax", "secure"]);

    const { posted } = await signOut(world, client);
    const gone = posted.headers["set-cookie"]?.find((cookie) => cookie.startsWith("__Host-session="));
    assert.match(gone ?? "", /^__Host-session=;/);
    assert.deepEqual(attributesOf(gone), ["httponly", "max-age=0", "path=/", "samesite=lax", "secure"]);
    assert.deepEqual([...client.cookies("localhost")], [["__Host-ended", "1"]]);
  });

  it("cookies without Secure to Safari on http://localhost, which would drop them otherwise", async () => {
    const answer = await world.client().fetch("/auth/login", { headers: { "user-agent": safari } });
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    assert.match(cookie, /^signin-/);
    assert.deepEqual(attributesOf(cookie), ["httponly", "max-age=900", "path=/", "samesite=lax"]);
  });

  it("a new secret with every sign-in, so that nobody can have planted it", async () => {
    const client = world.client();
    const seen = new Set<string>();
    for (let times = 0; times < 3; times++) {
      await signIn(client, ada, "/healthz");
      seen.add(client.cookies("localhost").get("__Host-session") ?? "");
    }
    assert.equal(seen.size, 3);
  });

  it("HTTPS for a year where the app is public, and Secure cookies even to Safari", async () => {
    const instance = await world.startInstance({ PublicBaseUrl: "https://app.contoso.example" });
    const answer = await world
      .client(world.instances.indexOf(instance))
      .fetch("/auth/login", { headers: { "user-agent": safari } });
    assert.equal(answer.headers["strict-transport-security"], "max-age=31536000");
    assert.match(answer.headers["set-cookie"]?.[0] ?? "", /^__Host-signin-.*; secure/i);
  });
});
