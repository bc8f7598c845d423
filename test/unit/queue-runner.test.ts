import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { finisher, type Finisher } from "../../shared/queue/runner.ts";

interface Tried {
  readonly finisher: Finisher;
  /** How often it has tried. */
  readonly tries: () => number;
  /** What the next tries come to; true: something is left. */
  readonly answers: (boolean | Error | Promise<boolean>)[];
  /** Lets so much time pass, and the tries that are due end. */
  readonly pass: (seconds: number) => Promise<void>;
}

function tried(test: TestContext, maxTries = 5): Tried {
  test.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const answers: Tried["answers"] = [];
  let tries = 0;
  const finish = async () => {
    tries++;
    const answer = answers.shift() ?? true;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return {
    finisher: finisher({ finish, retrySeconds: 60, maxTries }),
    tries: () => tries,
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
    const { finisher: own, tries, answers, pass } = tried(test);
    answers.push(false);
    own.begin();
    await pass(4);
    assert.equal(tries(), 1);
    await pass(600);
    assert.equal(tries(), 1);
  });

  it("tries again while something is left, never sooner than the message comes back", async (test) => {
    const { finisher: own, tries, answers, pass } = tried(test);
    answers.push(true, new Error("the queue does not answer"), false);
    own.begin();
    await pass(59);
    assert.equal(tries(), 1);
    await pass(20);
    assert.equal(tries(), 2);
    await pass(76);
    assert.equal(tries(), 3);
    await pass(600);
    assert.equal(tries(), 3);
  });

  it("gives up after a number of tries, for the timer looks as well, until it defers another one", async (test) => {
    const { finisher: own, tries, pass } = tried(test, 3);
    own.begin();
    await pass(1_000);
    assert.equal(tries(), 3);
    own.begin();
    await pass(4);
    assert.equal(tries(), 4);
  });

  it("is not kept from trying by a stream of others that are deferred", async (test) => {
    const { finisher: own, tries, pass } = tried(test);
    for (let second = 0; second < 10; second++) {
      own.begin();
      await pass(1);
    }
    assert.ok(tries() >= 2, `${tries()} tries`);
  });

  it("tries once more for what it defers while it tries", async (test) => {
    const { finisher: own, tries, answers, pass } = tried(test);
    const first = Promise.withResolvers<boolean>();
    answers.push(first.promise, false);
    own.begin();
    await pass(4);
    own.begin();
    await pass(10);
    assert.equal(tries(), 1);
    first.resolve(false);
    await pass(4);
    assert.equal(tries(), 2);
  });

  it("tries no more when it is told to stop", async (test) => {
    const { finisher: own, tries, pass } = tried(test);
    own.begin();
    own.stop();
    own.begin();
    await pass(600);
    assert.equal(tries(), 0);
  });
});
