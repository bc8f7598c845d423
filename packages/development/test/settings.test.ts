import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { missingParts } from "../src/settings.ts";

const all = ["identityProvider", "cosmos", "queueStorage", "downstreamApi"];

describe("the stand-ins that are started", () => {
  it("are all of them, unless settings name what they stand for", () => {
    assert.deepEqual([...missingParts({})], all);
    assert.deepEqual([...missingParts({ AzureAd__TenantId: "t" })], ["cosmos", "queueStorage"]);
    assert.deepEqual(
      [...missingParts({ CosmosDb: "c", AzureWebJobsStorage: "s" })],
      ["identityProvider", "downstreamApi"],
    );
  });

  it("include that of Microsoft Graph beside an API of one's own", () => {
    assert.deepEqual([...missingParts({ DownstreamApis__orders__BaseUrl: "https://orders.example" })], all);
    assert.ok(!missingParts({ DownstreamApis__Graph__BaseUrl: "https://graph.example" }).has("downstreamApi"));
  });
});
