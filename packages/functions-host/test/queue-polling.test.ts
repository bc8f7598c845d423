import assert from "node:assert/strict";
import { test } from "node:test";
import { createBackoff } from "../src/queues/backoff.ts";

test("an empty queue is looked into ever more rarely, up to the longest interval, until there is a message", () => {
  const backoff = createBackoff(100, 2000, () => 0.5);
  const pauses = Array.from({ length: 8 }, () => backoff.next(false));
  assert.deepEqual(pauses, [100, 200, 300, 500, 900, 1700, 2000, 2000]);
  assert.deepEqual([backoff.next(true), backoff.next(false)], [100, 200]);
});

test("pauses differ by a fifth either way, so that instances do not look at the same time", () => {
  for (const [random, second] of [
    [0, 180],
    [1, 220],
  ] as const) {
    const backoff = createBackoff(100, 2000, () => random);
    backoff.next(false);
    assert.equal(Math.round(backoff.next(false)), second);
  }
});
