import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readRegions } from "../../shared/store/read-regions.ts";

describe("the region that a read goes to", () => {
  it("is the SDK's choice where there is one region, or none is named", () => {
    for (const names of [[], ["a"]]) {
      const regions = readRegions(names, () => 0);
      regions.choose().failed();
      assert.deepEqual(regions.choose().excluded, []);
    }
  });

  it("is the next one after a failure, for a minute, and after the last one the first", () => {
    let now = 0;
    const regions = readRegions(["a", "b", "c"], () => now);
    assert.deepEqual(regions.choose().excluded, []);
    regions.choose().failed();
    assert.deepEqual(regions.choose().excluded, ["a"]);
    now = 59_000;
    regions.choose().failed();
    assert.deepEqual(regions.choose().excluded, ["a", "b"]);
    regions.choose().failed();
    assert.deepEqual(regions.choose().excluded, []);
    regions.choose().failed();
    now += 60_000;
    assert.deepEqual(regions.choose().excluded, []);
  });

  it("is the next one, and not the one after it, when two reads fail at the same time", () => {
    const regions = readRegions(["a", "b", "c"], () => 0);
    const both = [regions.choose(), regions.choose()];
    for (const region of both) region.failed();
    assert.deepEqual(regions.choose().excluded, ["a"]);
  });
});
