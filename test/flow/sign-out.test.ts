import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { assertProblem } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { finishSignOut, signOut } from "../support/sign-out.ts";
import { accountDocument, dumpStore, startFresh } from "../support/store.ts";
import { ownForm, sessionCookie, sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

describe("signing out", () => {
  let world: World;
  let client: Client;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    client = world.client();
    await signIn(client, ada, "/healthz");
  });
  const document = () => accountDocument(world, sessionOf(client).accountKey);

  it("in the other app removes the account here too, without a cookie of this app", async () => {
    const session = sessionOf(client);
    const other = await client.navigate(`${world.secondApp.url}/sign-in`);
    assert.equal(other.url, `${world.secondApp.url}/`);
    assert.match(other.body, /Ada Lindqvist/);
    const headers = { origin: world.secondApp.url };
    const page = await client.navigate(`${world.secondApp.url}/sign-out`, { method: "POST", headers });
    const { frames, landed } = await finishSignOut(client, page);
    assert.deepEqual(frames.map(({ url, status }) => `${new URL(url).origin} ${status}`).sort(), [
      `${world.secondApp.url} 200`,
      `${world.publicBaseUrl} 200`,
    ]);
    assert.equal(landed.url, `${world.secondApp.url}/`);
    assert.equal(await accountDocument(world, session.accountKey), undefined);
    assert.equal(sessionOf(client).value, session.value);
    assertProblem(await client.fetch("/auth/me"), 401, "signin_required");
  });

  it("here removes the account before the browser reaches the identity provider, which asks nothing", async () => {
    const session = sessionOf(client);
    const posted = await client.fetch("/auth/logout?returnUrl=/bye", ownForm(world.publicBaseUrl));
    assert.equal(posted.status, 303);
    assert.equal(await accountDocument(world, session.accountKey), undefined);
    const endSession = new URL(posted.headers.location ?? "");
    assert.equal(endSession.origin, world.identityProvider.publicUrl);
    assert.equal(endSession.searchParams.get("post_logout_redirect_uri"), `${world.publicBaseUrl}/auth/signed-out`);
    assert.match(endSession.searchParams.get("logout_hint") ?? "", /^O\./);
    const page = await client.fetch(endSession.href);
    assert.match(page.body, /Signing you out/);
    const { landed } = await finishSignOut(client, page);
    assert.equal(landed.url, `${world.publicBaseUrl}/bye`);
    // The identity provider's session is over as well: a silent sign-in finds nobody.
    const silent = await client.navigate("/auth/login?prompt=none&returnUrl=/healthz");
    assert.equal(silent.url, `${world.publicBaseUrl}/healthz`);
    assert.equal(client.cookies("localhost").get(sessionCookie), undefined);
  });

  it("here by a script gives it the address to go to", async () => {
    const headers = { ...ownForm(world.publicBaseUrl).headers, accept: "application/json" };
    const answer = await client.fetch("/auth/logout", { method: "POST", headers });
    assert.equal(answer.status, 200);
    assert.ok(String(answer.json()["endSessionUrl"]).startsWith(world.identityProvider.publicUrl));
    const again = await client.fetch("/auth/logout", { method: "POST", headers });
    assertProblem(again, 401, "signin_required");
  });

  it("at the identity provider's own page removes the account here", async () => {
    const { publicUrl } = world.identityProvider;
    const headers = { origin: publicUrl, "sec-fetch-site": "same-origin" };
    const page = await client.fetch(`${publicUrl}/signout`, { method: "POST", headers });
    await finishSignOut(client, page);
    assert.equal(await document(), undefined);
  });

  it("while the identity provider is down removes the account, and says that it is still signed in there", async () => {
    await world.startInstance();
    const cold = world.client(world.instances.length - 1);
    cold.setCookie("localhost", sessionCookie, sessionOf(client).value);
    world.identityProvider.controls.failNext("discovery", { type: "reset" }, 5);
    const landed = await cold.navigate("/auth/logout", ownForm(world.publicBaseUrl));
    assert.equal(await document(), undefined);
    assert.match(landed.body, /may still be signed in there/);
  });

  it("here ends every browser of the account", async () => {
    const other = world.client();
    await signIn(other, ada, "/healthz");
    await signOut(world, client);
    assertProblem(await other.fetch("/api/graph/me"), 401, "signin_required");
    assert.deepEqual((await dumpStore(world)).accounts, {});
  });

  it("of one browser ends that browser alone, where the setting says so; the last one out removes the account", async () => {
    await world.startInstance({ SignOut__Scope: "session" });
    const instance = world.instances.length - 1;
    const [here, there] = [world.client(instance), world.client(instance)];
    for (const browser of [here, there]) await signIn(browser, "bruno@contoso.example", "/healthz");
    await signOut(world, here);
    assertProblem(await here.fetch("/auth/me"), 401, "signin_required");
    assert.equal((await there.fetch("/api/graph/me")).status, 200);
    const { accountKey } = sessionOf(there);
    await signOut(world, there);
    assert.equal(await accountDocument(world, accountKey), undefined);
  });

  it("by signing in as somebody else in the same browser ends what was there before", async () => {
    const earlier = sessionOf(client);
    await signIn(client, "bruno@contoso.example", "/healthz");
    assert.equal(await accountDocument(world, earlier.accountKey), undefined);
    assert.equal((await client.fetch("/api/graph/me")).json()["displayName"], "Bruno Castellano");
  });
});
