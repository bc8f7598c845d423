import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inTurn } from "../../shared/store/contention.ts";

const signal = new AbortController().signal;

/** A change that ends when it is told to. */
function change() {
  const { promise, resolve: end } = Promise.withResolvers<void>();
  const begun: boolean[] = [];
  const work = async (waited: boolean) => {
    begun.push(waited);
    await promise;
  };
  return { begun, end, work };
}

describe("changes of one document on one instance", () => {
  test("follow each other, and those that waited know that what they have read is out of date", async () => {
    const operations = {};
    const [first, second] = [change(), change()];
    const both = [inTurn(operations, "ada", first.work, signal), inTurn(operations, "ada", second.work, signal)];
    await new Promise(setImmediate);
    assert.deepEqual([first.begun, second.begun], [[false], []]);
    first.end();
    second.end();
    await Promise.all(both);
    assert.deepEqual(second.begun, [true]);
  });

  test("wait for no other document's, and not for one that has failed", async () => {
    const operations = {};
    const [slow, other] = [change(), change()];
    const going = inTurn(operations, "ada", slow.work, signal);
    other.end();
    await inTurn(operations, "bruno", other.work, signal);
    assert.deepEqual(other.begun, [false]);
    slow.end();
    await going;
    const failed = inTurn(operations, "ada", async () => Promise.reject(new Error("no")), signal);
    const next = inTurn(operations, "ada", async () => "done", signal);
    await assert.rejects(failed, /no/);
    assert.equal(await next, "done");
  });
});
