import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { clearsSession } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { beginSignIn } from "../support/sign-in-steps.ts";
import { ownForm, sessionCookie, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

/** The attributes of the `Set-Cookie` for `name` among all that the world's app has answered, the latest. */
function latestCookie(world: World, name: string): readonly string[] {
  const cookies = world.answers.flatMap(({ headers }) => headers["set-cookie"] ?? []);
  const found = cookies.findLast((cookie) => cookie.startsWith(`${name}=`));
  return (found ?? "").toLowerCase().split("; ").slice(1);
}

describe("with Session__PersistentCookie", () => {
  let world: World;
  const minutes = 90 * 24 * 60;
  before(async () => {
    const environment = {
      Session__PersistentCookie: "true",
      Session__AbsoluteTimeoutMinutes: String(minutes),
      Session__IdleTimeoutMinutes: "43200",
    };
    world = await startWorld({ environment });
  });
  after(() => world.stop());

  it("the session's cookie outlives the browser, for as long as the session can last", async () => {
    await signIn(world.client(), ada, "/healthz");
    const attributes = latestCookie(world, sessionCookie);
    assert.ok(attributes.includes(`max-age=${minutes * 60}`), attributes.join("; "));
    for (const each of ["path=/", "secure", "httponly", "samesite=lax"]) assert.ok(attributes.includes(each), each);
    assert.equal(
      attributes.some((each) => each.startsWith("domain")),
      false,
    );
  });

  it("a sign-out takes it away, and one that opens nothing goes, too", async () => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const copy = new Map(client.cookies("localhost"));
    const answer = await client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
    assert.ok(clearsSession(answer));
    assert.equal(client.cookies("localhost").has(sessionCookie), false);
    for (const [name, value] of copy) client.setCookie("localhost", name, value);
    const late = await client.fetch("/auth/me");
    assert.equal(late.status, 401);
    assert.ok(clearsSession(late));
  });

  it("looking at the session or using it sets no cookie: the absolute time is never extended", async () => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    for (const path of ["/auth/me", "/api/graph/me"]) {
      assert.equal((await client.fetch(path)).headers["set-cookie"], undefined, path);
    }
  });
});

describe("with Session__CookieName", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld({ environment: { Session__CookieName: "shop" } });
    client = world.client();
  });
  after(() => world.stop());

  const names = () => [...client.cookies("localhost").keys()];

  it("everything works, and every cookie of the app has that name", async () => {
    await beginSignIn(client, ada);
    assert.match(names().join(), /^__Host-shop-signin-[\w-]{16}$/);
    client = world.client();
    await signIn(client, ada, "/healthz");
    // The other one leads whoever comes back to the sign-in's address to where it led.
    assert.match(names().toSorted().join(), /^__Host-shop,__Host-shop-signin-[\w-]{16}$/);
    assert.deepEqual(
      latestCookie(world, "__Host-shop").filter((each) => each.startsWith("max-age")),
      [],
    );
    assert.equal((await client.fetch("/api/graph/me")).status, 200);
    const answer = await client.fetch("/auth/logout", ownForm(world.publicBaseUrl));
    assert.equal(answer.status, 303);
    assert.match(names().join(), /^__Host-shop-ended,__Host-shop-signout-[\w-]{22}$/);
    const state = new URL(answer.headers.location ?? "").searchParams.get("state") ?? "";
    assert.equal((await client.fetch(`/auth/signed-out?state=${state}`)).headers.location, "/");
    assert.deepEqual(names(), ["__Host-shop-ended"]);
    client = world.client();
    const check = await client.fetch("/auth/callback?state=unknown&code=x", { headers: { accept: "text/html" } });
    assert.equal(check.headers.location, "/auth/cookie-check");
    assert.deepEqual(names(), ["__Host-shop-cookie-check"]);
    assert.match((await client.fetch("/auth/cookie-check")).body, /"signin_unknown"/);
  });

  it("the name without it is another app's: not looked at, not cleared", async () => {
    const other = world.client();
    await signIn(other, ada, "/healthz");
    const value = other.cookies("localhost").get("__Host-shop") ?? "";
    const stranger = world.client();
    stranger.setCookie("localhost", sessionCookie, value);
    const answer = await stranger.fetch("/auth/me");
    assert.equal(answer.status, 401);
    assert.equal(answer.headers["set-cookie"], undefined);
  });
});
