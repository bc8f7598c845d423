import assert from "node:assert/strict";
import { before, describe, it, type TestContext } from "node:test";
import { moments, observeQueue, states, type QueueObservation } from "./queue/observe.ts";
import { queueTables } from "./queue/table.ts";

describe("a sign-out while the store does not answer, and the queue is in trouble, too", () => {
  let observations: readonly QueueObservation[];
  before(async () => {
    observations = await observeQueue();
  });

  it("is answered within 10 seconds and truly: it is finished later, or can be asked for again; and the app runs on", (test: TestContext) => {
    assert.equal(observations.length, Object.keys(states).length * moments.length);
    const longest = Math.max(...observations.map(({ waitedMs }) => waitedMs));
    test.diagnostic(`longest wait ${Math.round(longest)} ms`);
    const wrong = observations.flatMap((each) =>
      each.wrong.map((finding) => `${each.state}, ${each.moment}: ${finding}`),
    );
    assert.deepEqual(wrong, []);
  });

  it("has the outcome that docs/faults.md tells (`npm run docs:faults` writes it anew)", async () => {
    const { onPage, observed } = await queueTables(observations);
    assert.equal(onPage, observed);
  });
});
