import assert from "node:assert/strict";
import { before, describe, it, type TestContext } from "node:test";
import { findings } from "./judge.ts";
import { journeys, observeFaults, type Observation, type Part } from "./run.ts";
import { sectionsOnPage, titlesOnPage } from "./table.ts";

/** Tries the faults of one part, once, and tells what was found. */
export function describeFaults(part: Part): void {
  describe(`every fault of the store at every request to it, ${part}`, () => {
    let observations: readonly Observation[];
    before(async () => {
      observations = await observeFaults(part);
    });

    it("is outlasted when it comes once, and named within 10 seconds when it lasts; nothing happens twice, by half, or for ever", (test: TestContext) => {
      const longest = Math.max(...observations.map(({ waitedMs }) => waitedMs));
      test.diagnostic(`${observations.length} tries, longest wait ${Math.round(longest)} ms`);
      assert.ok(observations.length > 100, "Too few tries to show anything");
      assert.deepEqual(findings(observations), []);
    });

    it("has the outcome that docs/faults.md tells (`npm run docs:faults` writes it anew)", async () => {
      for (const { title, onPage, observed } of await sectionsOnPage(observations)) {
        assert.equal(onPage, observed, title);
      }
      const titles = Object.values(journeys).flatMap((each) => each.map(({ title }) => title));
      assert.deepEqual(await titlesOnPage(), titles);
    });
  });
}
