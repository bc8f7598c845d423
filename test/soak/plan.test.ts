import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planFor } from "./plan.ts";
import { createRandom } from "./random.ts";

const plan = (seed: number) => planFor(createRandom(seed), { browsers: 7, operations: 2_000 });

describe("the plan of a soak", () => {
  it("is the same for the same seed, and another for another", () => {
    assert.deepEqual(plan(1), plan(1));
    assert.notDeepEqual(plan(1), plan(2));
  });

  it("gives every browser its share, and has something of everything", () => {
    const steps = plan(1);
    assert.deepEqual(
      steps.map(({ length }) => length),
      [286, 286, 286, 286, 286, 285, 285],
    );
    const kinds = new Set(steps.flat().map(({ action }) => action.kind));
    assert.equal(kinds.size, 11);
    const ways = new Set(steps.flat().flatMap(({ action }) => (action.kind === "sign_out" ? [action.way] : [])));
    assert.equal(ways.size, 11);
    assert.ok(steps.flat().some(({ trouble }) => trouble.store));
    assert.ok(steps.flat().some(({ trouble }) => trouble.token));
    assert.deepEqual(new Set(steps.flat().map(({ trouble }) => trouble.rotation)), new Set([undefined, true, false]));
  });
});
