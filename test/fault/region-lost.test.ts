import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { CosmosClient } from "@azure/cosmos";
import { startCosmosEndpoint, type CosmosEndpoint, type Regions } from "@entra-functions-bff/cosmos-endpoint";
import { inTime } from "../support/assertions.ts";
import type { Client } from "../support/http-client.ts";
import { ada, assertUseless, assertWorks, callApi, login, tabOf } from "../support/race.ts";
import { signOut } from "../support/sign-out.ts";
import { sessionOf, signIn, startWorld, type World } from "../support/world.ts";

const [west, north] = ["West Europe", "North Europe"] as const;

async function createContainers({ connectionString }: CosmosEndpoint): Promise<void> {
  const client = new CosmosClient(connectionString);
  const { database } = await client.databases.create({ id: "auth" });
  for (const id of ["accounts", "sids"]) {
    await database.containers.create({ id, partitionKey: { paths: ["/id"] }, defaultTtl: -1 });
  }
  client.dispose();
}

describe("a database in two regions, when the one that writes is lost", () => {
  let world: World;
  let endpoint: CosmosEndpoint;
  let regions: Regions;
  let staying: Client;
  let leaving: Client;

  before(async () => {
    endpoint = await startCosmosEndpoint({ port: 0, dataFile: ":memory:", regions: [west, north] });
    regions = endpoint.regions ?? assert.fail("no regions");
    await createContainers(endpoint);
    world = await startWorld({ instances: 0 });
    const environment = {
      CosmosDb: endpoint.connectionString,
      CosmosDb__preferredLocations: `${west.replace(" ", "").toLowerCase()},${north.replace(" ", "").toLowerCase()}`,
    };
    for (const _ of [1, 2]) await world.startInstance(environment);
    [staying, leaving] = [world.client(), world.client()];
    await signIn(staying, "bruno@contoso.example", "/healthz");
    await signIn(leaving, ada, "/healthz");
    for (const client of [staying, leaving, tabOf(world, staying, 1)]) await assertWorks(client);
  });
  after(async () => {
    await world.stop();
    await endpoint.stop();
  });

  for (const [instance, loss] of [
    [0, "breaks off"],
    [1, "hangs"],
  ] as const) {
    it(`and ${loss}: people who are signed in go on, because the app reads from the other region`, async () => {
      const browser = tabOf(world, staying, instance);
      const answered = regions.answered(north);
      await assertWorks(browser);
      assert.equal(regions.answered(north), answered, "the first region is read while it is there");
      regions.lose(west, loss);
      await inTime(() => assertWorks(browser));
      assert.ok(regions.answered(north) > answered);
      regions.restore(west);
    });
  }

  it("nobody can sign in, and a sign-out is left for later; both are told", async () => {
    regions.lose(west, "breaks off");
    const { status } = await inTime(() => login(world.client()));
    assert.equal(status, 503);
    await inTime(() => signOut(world, leaving));
    assert.equal(world.deferred.length, 1);
  });

  it("once the other region writes, sign-outs count there, and no region serves the session", async () => {
    const { value } = sessionOf(staying);
    regions.failOver(north);
    regions.restore(west);
    await inTime(() => signOut(world, tabOf(world, staying, 1)));
    assert.equal(world.deferred.length, 1, "nothing else was left for later");
    await assertUseless(world, value);
    regions.lose(north, "breaks off");
    for (const instance of [0, 1]) {
      const browser = tabOf(world, staying, instance);
      assert.notEqual((await inTime(() => callApi(browser))).status, 200);
    }
    await assertUseless(world, value);
  });
});
