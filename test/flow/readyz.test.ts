import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startWorld, type World } from "../support/world.ts";

describe("whoever asks /readyz", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  async function ask(instance: number): Promise<{ status: number; checks: unknown; body: string }> {
    const answer = await world.client(instance).fetch("/readyz");
    return { status: answer.status, checks: answer.json()["checks"], body: answer.body };
  }

  async function start(environment: Readonly<Record<string, string>>): Promise<number> {
    await world.startInstance(environment);
    return world.instances.length - 1;
  }

  it("gets the store and the token endpoint asked once, however many ask and how often", async () => {
    const fresh = await start({});
    world.cosmos.operations.clear();
    world.identityProvider.controls.requests.clear();
    const answers = await Promise.all(Array.from({ length: 30 }, async () => ask(fresh)));
    for (const { status } of answers) assert.equal(status, 200);
    const checks = { configuration: "ok", store: "ok", identityProvider: "ok", credential: "ok" };
    assert.deepEqual(answers[0]?.checks, checks);
    assert.equal(world.cosmos.operations.count(), 2);
    assert.equal(world.identityProvider.controls.requests.count({ endpoint: "token" }), 1);
    assert.equal(world.identityProvider.controls.requests.count({ endpoint: "discovery" }), 1);
  });

  it("learns that the app's credential is refused, and not why", async () => {
    const secret = "a-wrong-secret";
    const { status, checks, body } = await ask(await start({ AzureAd__ClientCredentials__0__ClientSecret: secret }));
    assert.equal(status, 503);
    assert.deepEqual(checks, { configuration: "ok", store: "ok", identityProvider: "ok", credential: "app_refused" });
    assert.ok(!body.includes(secret) && !body.includes("AADSTS"));
  });

  it("learns that the store does not let the app in", async () => {
    const wrongKey = Buffer.from("another key").toString("base64");
    const { status, checks, body } = await ask(
      await start({ CosmosDb: `AccountEndpoint=${world.cosmos.url}/;AccountKey=${wrongKey};` }),
    );
    assert.equal(status, 503);
    assert.equal((checks as { store: string }).store, "store_refused");
    assert.ok(!body.includes(wrongKey) && !body.includes(world.cosmos.url));
  });

  it("is told to go on while the token endpoint is down: those who are signed in need nothing of it", async () => {
    const { controls } = world.identityProvider;
    controls.failNext("token", { type: "status", status: 503, body: {} }, Infinity);
    const { status, checks } = await ask(await start({}));
    controls.clearFaults();
    assert.equal(status, 200);
    assert.equal((checks as { credential: string }).credential, "identity_provider_unavailable");
  });

  it("hears of no credential where there is no one tenant to ask", async () => {
    const { status, checks } = await ask(await start({ AzureAd__TenantId: "organizations" }));
    assert.equal(status, 200);
    assert.equal((checks as { credential: string }).credential, "not_checked");
  });
});
