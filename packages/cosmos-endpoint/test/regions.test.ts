import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CosmosClient } from "@azure/cosmos";
import { startEndpointUnderTest } from "./under-test.ts";

const [west, north] = ["West Europe", "North Europe"] as const;

const { endpoint, client, container } = await startEndpointUnderTest({ regions: [west, north] });
await container.items.create({ id: "ada", visits: 1 });
const regions = endpoint.regions ?? assert.fail("no regions");

describe("an account in two regions", () => {
  it("names both to the SDK, the one that writes first, and each is complete", async () => {
    const { resource } = await client.getDatabaseAccount();
    assert.deepEqual(
      resource?.readableLocations.map(({ name }) => name),
      [west, north],
    );
    assert.deepEqual(
      resource?.writableLocations.map(({ name }) => name),
      [west],
    );
    for (const excludedLocations of [[west], [north]]) {
      const { resource: read } = await container.item("ada", "ada").read<{ visits: number }>({ excludedLocations });
      assert.equal(read?.visits, 1);
    }
    assert.ok(regions.answered(north) > 0);
  });

  it("a region breaks off or hangs when it is lost, and the account's own address with it if it writes", async () => {
    regions.lose(west, "breaks off");
    await assert.rejects(fetch(endpoint.url));
    regions.restore(west);
    regions.lose(west, "hangs");
    await assert.rejects(fetch(endpoint.url, { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
    const stillThere = await container.item("ada", "ada").read({ excludedLocations: [west] });
    assert.equal(stillThere.statusCode, 200);
  });

  it("another region writes after a failover; a write in a region that only reads is refused, and the SDK finds the other", async () => {
    regions.failOver(north);
    regions.restore(west);
    const before = regions.answered(north);
    await container.item("ada", "ada").replace({ id: "ada", visits: 2 });
    assert.ok(regions.answered(north) > before);
    const other = new CosmosClient(endpoint.connectionString);
    const { resource } = await other.getDatabaseAccount();
    assert.deepEqual(
      resource?.writableLocations.map(({ name }) => name),
      [north],
    );
    other.dispose();
  });
});
