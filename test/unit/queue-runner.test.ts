import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { queueRunner, type QueueRunner } from "../../shared/queue/runner.ts";

interface Started {
  readonly runner: QueueRunner;
  /** How often it has run. */
  readonly runs: () => number;
  /** What the next runs come to; true: something is left. */
  readonly answers: (boolean | Error | Promise<boolean>)[];
  /** Lets so much time pass, and the runs that are due end. */
  readonly pass: (seconds: number) => Promise<void>;
}

function started(test: TestContext, maxRuns = 5): Started {
  test.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const answers: Started["answers"] = [];
  let runs = 0;
  const run = async () => {
    runs++;
    const answer = answers.shift() ?? true;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    runner: queueRunner({ run, retrySeconds: 60, maxRuns }),
    runs: () => runs,
    answers,
    async pass(seconds) {
      for (let passed = 0; passed < seconds; passed++) {
        test.mock.timers.tick(1_000);
        await new Promise(setImmediate);
      }
    },
  };
}

describe("the instance that has deferred a sign-out", () => {
  it("tries it within seconds, and stops when nothing is left", async (test) => {
    const { runner, runs, answers, pass } = started(test);
    answers.push(false);
    runner.wake();
    await pass(4);
    assert.equal(runs(), 1);
    await pass(600);
    assert.equal(runs(), 1);
  });

  it("tries again while something is left, never sooner than the message comes back", async (test) => {
    const { runner, runs, answers, pass } = started(test);
    answers.push(true, new Error("the queue does not answer"), false);
    runner.wake();
    await pass(59);
    assert.equal(runs(), 1);
    await pass(20);
    assert.equal(runs(), 2);
    await pass(76);
    assert.equal(runs(), 3);
    await pass(600);
    assert.equal(runs(), 3);
  });

  it("gives up after a number of tries, for the timer looks as well, until it defers another one", async (test) => {
    const { runner, runs, pass } = started(test, 3);
    runner.wake();
    await pass(1_000);
    assert.equal(runs(), 3);
    runner.wake();
    await pass(4);
    assert.equal(runs(), 4);
  });

  it("is not kept from trying by a stream of others that are deferred", async (test) => {
    const { runner, runs, pass } = started(test);
    for (let second = 0; second < 10; second++) {
      runner.wake();
      await pass(1);
    }
    assert.ok(runs() >= 2, `${runs()} tries`);
  });

  it("tries once more for what it defers while it tries", async (test) => {
    const { runner, runs, answers, pass } = started(test);
    const first = Promise.withResolvers<boolean>();
    answers.push(first.promise, false);
    runner.wake();
    await pass(4);
    runner.wake();
    await pass(10);
    assert.equal(runs(), 1);
    first.resolve(false);
    await pass(4);
    assert.equal(runs(), 2);
  });

  it("tries no more when it is told to stop", async (test) => {
    const { runner, runs, pass } = started(test);
    runner.wake();
    runner.stop();
    runner.wake();
    await pass(600);
    assert.equal(runs(), 0);
  });
});
