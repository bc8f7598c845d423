import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { appClientId } from "@entra-functions-bff/development";
import { finishSignOut, frontChannel, sidOf, signOut } from "../support/sign-out.ts";
import { accountDocument, dumpStore, startFresh } from "../support/store.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const ada = "ada@contoso.example";

describe("an app registration without the optional claim sid", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());
  beforeEach(async () => {
    await startFresh(world);
    world.identityProvider.controls.setOptionalClaims(appClientId, ["login_hint"]);
    world.identityProvider.controls.includeSessionState = true;
  });

  const ready = async () => (await world.client().fetch("/readyz")).json();
  const warnings = async () => (await ready())["warnings"] as { code: string; detail: string }[];
  const warningLines = (event = "sid_missing") =>
    world
      .log()
      .split("\n")
      .filter((line) => line.includes(`"event":"${event}"`));

  it("is not noticed before anybody has signed in, and the app says that nobody has", async () => {
    assert.equal((await ready())["signInSeen"], false);
    assert.deepEqual(await warnings(), []);
  });

  it("signs out by session_state, which holds the same: the account is gone, and nobody is warned", async () => {
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const { publicUrl } = world.identityProvider;
    const headers = { origin: publicUrl, "sec-fetch-site": "same-origin" };
    const page = await client.fetch(`${publicUrl}/signout`, { method: "POST", headers });
    const { frames } = await finishSignOut(client, page);
    assert.equal(frames.length, 1);
    assert.equal(frames[0]?.status, 200);
    assert.equal(await accountDocument(world, sessionOf(client).accountKey), undefined);
    assert.equal((await client.fetch("/auth/me")).status, 401);
    assert.deepEqual([await warnings(), warningLines()], [[], []]);
  });

  it("believes the sid of the ID token rather than what the address line says", async () => {
    world.identityProvider.controls.setOptionalClaims(appClientId, ["sid", "login_hint"]);
    const client = world.client();
    await signIn(client, ada, "/healthz");
    const stored = Object.keys((await dumpStore(world)).sids);
    const trail = (await client.navigate(`/auth/login?loginHint=${ada}&returnUrl=/healthz`)).trail;
    const callback = trail.find(({ url }) => url.includes("/auth/callback?"))?.url ?? "";
    assert.equal(new URL(callback).searchParams.get("session_state"), sidOf(world, ada));
    assert.deepEqual(Object.keys((await dumpStore(world)).sids), stored);
    assert.equal((await frontChannel(client, "sid=another")).status, 200);
    assert.equal((await client.fetch("/auth/me")).status, 200);
  });

  it("with neither: signing in, calling and signing out here work, and an operator is warned once", async () => {
    world.identityProvider.controls.includeSessionState = false;
    for (let times = 0; times < 2; times++) {
      const client = world.client();
      await signIn(client, ada, "/healthz");
      assert.equal((await client.fetch("/api/graph/me")).status, 200);
      const { accountKey } = sessionOf(client);
      const [session] = Object.values((await accountDocument(world, accountKey))?.sessions ?? {});
      assert.equal(session?.sid, null);
      const { landed } = await signOut(world, client);
      assert.equal(landed.status, 200);
      assert.equal(await accountDocument(world, accountKey), undefined);
    }
    assert.equal(warningLines().length, 1);
    const [warning, ...more] = await warnings();
    assert.deepEqual([warning?.code, more], ["sid_missing", []]);
    assert.match(warning?.detail ?? "", /optional claim sid/);
    assert.equal((await world.client().fetch("/readyz")).status, 200);
  });

  it("warns again after a restart, once", async () => {
    world.identityProvider.controls.includeSessionState = false;
    const warned = warningLines().length;
    await world.startInstance();
    const instance = world.instances.length - 1;
    for (let times = 0; times < 2; times++) await signIn(world.client(instance), ada, "/healthz");
    assert.equal(warningLines().length, warned + 1);
  });

  it("without login_hint: everything works, and an operator is warned once", async () => {
    world.identityProvider.controls.setOptionalClaims(appClientId, ["sid"]);
    for (let times = 0; times < 2; times++) await signIn(world.client(), ada, "/healthz");
    assert.equal(warningLines("login_hint_missing").length, 1);
    const warning = (await warnings()).find(({ code }) => code === "login_hint_missing");
    assert.match(warning?.detail ?? "", /optional claim login_hint/);
    assert.equal((await ready())["signInSeen"], true);
  });
});
