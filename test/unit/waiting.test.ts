import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  deadlineIn,
  forGood,
  shared as sharing,
  sharedByKey,
  NoAnswerInTimeError,
  sharedWork,
  whileAsked,
  withinTime,
  type SharedWork,
} from "../../shared/core/waiting.ts";
import { mergeTokenCaches } from "../../shared/identity/token-cache.ts";

let shared: SharedWork;
let requests: number;
const { signal } = new AbortController();
const monotonic = performance.now.bind(performance);

const request = () => {
  requests++;
  return Promise.resolve({ number: requests });
};

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000 });
  // Not by `mock.method`, which keeps every call, and with it what this test wants to see go.
  performance.now = () => Date.now();
  shared = sharedWork();
  requests = 0;
});
afterEach(() => {
  mock.timers.reset();
  performance.now = monotonic;
});

describe("one request to the token endpoint", () => {
  test("serves all who saw the same version of the session at the same time", async () => {
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => shared.share("version 1", signal, request)));
    assert.ok(a === b && b === c);
    assert.equal(requests, 1);
  });

  test("still serves who saw that version just before it changed", async () => {
    await shared.share("version 1", signal, request);
    mock.timers.tick(4_999);
    assert.deepEqual(await shared.share("version 1", signal, request), { number: 1 });
  });

  test("serves nobody after that: nothing stays in memory", async () => {
    await shared.share("version 1", signal, request);
    await Promise.resolve();
    mock.timers.tick(5_001);
    assert.deepEqual(await shared.share("version 1", signal, request), { number: 2 });
  });

  test("serves nobody who saw another version, session or API", async () => {
    for (const key of ["version 1", "version 2", "another session", "another API"])
      await shared.share(key, signal, request);
    assert.equal(requests, 4);
  });
});

const fail = () => {
  requests++;
  return Promise.reject<object>(new Error("refused"));
};

const broken = () => {
  throw new Error("broken");
};

describe("a request that fails", () => {
  test("fails for all who wait for it", async () => {
    const results = await Promise.allSettled([shared.share("v", signal, fail), shared.share("v", signal, fail)]);
    assert.ok(results.every(({ status }) => status === "rejected"));
    assert.equal(requests, 1);
  });

  test("is made again for whoever asks next", async () => {
    await assert.rejects(shared.share("v", signal, fail), /refused/);
    assert.deepEqual(await shared.share("v", signal, request), { number: 2 });
  });

  test("before it begins is the caller's failure, and forgotten", async () => {
    await assert.rejects(shared.share("v", signal, broken), /broken/);
    assert.deepEqual(await shared.share("v", signal, request), { number: 1 });
  });
});

describe("a caller whose time is up", () => {
  test("is told so, whoever began the request; the others get its result, and it is not made again", async () => {
    const issued = Promise.withResolvers<object>();
    let own: AbortSignal | undefined;
    const first = new AbortController();
    const second = new AbortController();
    const waiting = [first, second, new AbortController()].map((caller) =>
      shared.share("v", caller.signal, (signalOfRequest) => {
        own = signalOfRequest;
        return issued.promise;
      }),
    );
    first.abort();
    await assert.rejects(waiting[0] ?? assert.fail(), NoAnswerInTimeError);
    second.abort();
    await assert.rejects(waiting[1] ?? assert.fail(), NoAnswerInTimeError);
    assert.equal(own?.aborted, false);
    issued.resolve({ number: 7 });
    assert.deepEqual(await waiting[2], { number: 7 });
    assert.deepEqual(await shared.share("v", signal, request), { number: 7 });
  });

  test("leaves a request that fails later, unheard", async () => {
    const failing = Promise.withResolvers<object>();
    await assert.rejects(
      shared.share("v", AbortSignal.abort(), () => failing.promise),
      NoAnswerInTimeError,
    );
    failing.reject(new Error("refused"));
    await assert.rejects(shared.share("v", signal, fail), /refused/);
  });
});

test("what is kept has a limit: the oldest is forgotten first", async () => {
  for (let index = 0; index <= 1_000; index++) await shared.share(`session ${index}`, signal, request);
  await shared.share("session 1", signal, request);
  assert.equal(requests, 1_001);
  await shared.share("session 0", signal, request);
  assert.equal(requests, 1_002);
});

describe("a result", () => {
  test("serves for as long as was said, and then the work is done again", async () => {
    const ask = sharing(request, () => 2_000);
    assert.deepEqual([await ask(), await ask()], [{ number: 1 }, { number: 1 }]);
    mock.timers.tick(1_999);
    assert.deepEqual(await ask(), { number: 1 });
    mock.timers.tick(2);
    assert.deepEqual([await ask(), await ask()], [{ number: 2 }, { number: 2 }]);
  });

  test("says itself how long", async () => {
    const ask = sharing(request, ({ number }) => number * 1_000);
    await ask();
    mock.timers.tick(1_001);
    await ask();
    mock.timers.tick(1_999);
    assert.deepEqual(await ask(), { number: 2 });
  });

  test("is of those who ask while the work is under way, however long that takes", async () => {
    const results = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    let asked = 0;
    const ask = sharing(
      async () => results[asked++]?.promise,
      () => 10,
    );
    const all = [ask(), ask()];
    mock.timers.tick(60_000);
    all.push(ask());
    results[0]?.resolve("one");
    assert.deepEqual(await Promise.all(all), ["one", "one", "one"]);
    assert.equal(asked, 1);
  });

  test("does not stay in memory after that, although nobody asks again: it may hold tokens", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const share = sharedByKey<object>(() => 5_000, 10);
    const shareOnce = async () => new WeakRef(await share("v", request));
    const result = await shareOnce();
    const isThere = async () => {
      await new Promise((resume) => setImmediate(resume));
      collectGarbage();
      return result.deref() !== undefined;
    };
    assert.ok(await isThere());
    mock.timers.tick(5_001);
    assert.ok(!(await isThere()));
  });

  test("may be of nobody else", async () => {
    const ask = sharing(request, whileAsked);
    assert.deepEqual(await Promise.all([ask(), ask()]), [{ number: 1 }, { number: 1 }]);
    assert.deepEqual(await ask(), { number: 2 });
  });

  test("may serve for good", async () => {
    const ask = sharing(request, forGood);
    await ask();
    mock.timers.tick(2 ** 31);
    assert.deepEqual(await ask(), { number: 1 });
  });

  test("is never a failure: whoever asks next has the work done again", async () => {
    const ask = sharing(async () => (requests === 0 ? fail() : request()), forGood);
    const both = await Promise.allSettled([ask(), ask()]);
    assert.ok(both.every(({ status }) => status === "rejected"));
    assert.deepEqual([await ask(), await ask()], [{ number: 2 }, { number: 2 }]);
  });

  test("that comes after its key was forgotten leaves the one that was begun since", async () => {
    const share = sharedByKey<string>(whileAsked, 1);
    const results = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const [first, second] = results;
    const late = share("a", async () => first?.promise ?? "");
    await share("b", async () => "b");
    const again = share("a", async () => second?.promise ?? "");
    first?.resolve("late");
    assert.equal(await late, "late");
    const joined = share("a", async () => "a third");
    second?.resolve("again");
    assert.deepEqual(await Promise.all([again, joined]), ["again", "again"]);
  });
});

/** What the store gets when a request that had read `base` finds `theirs` there and has `ours` itself. */
const merge = (base: object, theirs: object, ours: object): unknown =>
  JSON.parse(mergeTokenCaches(JSON.stringify(base), JSON.stringify(theirs), JSON.stringify(ours)));

describe("when two requests renewed tokens at the same time", () => {
  const account = { Account: { ada: { name: "Ada" } } };

  test("both requests' tokens are kept", () => {
    assert.deepEqual(merge({}, { AccessToken: { mail: 1 } }, { AccessToken: { files: 2 } }), {
      AccessToken: { mail: 1, files: 2 },
    });
  });

  test("the later writer's token counts where both renewed the same one", () => {
    const [base, theirs, ours] = ["old", "a", "b"].map((key) => ({ RefreshToken: { key } }));
    assert.deepEqual(merge(base ?? {}, theirs ?? {}, ours ?? {}), { RefreshToken: { key: "b" } });
    assert.deepEqual(merge({}, theirs ?? {}, ours ?? {}), { RefreshToken: { key: "b" } });
  });

  test("what only the other one renewed is not overwritten with what was there before", () => {
    const old = { RefreshToken: { key: { secret: "refresh-0" } }, AccessToken: { mail: 0, files: 0 } };
    const theirs = { RefreshToken: { key: { secret: "refresh-1" } }, AccessToken: { mail: 1, files: 0 } };
    const ours = { RefreshToken: { key: { secret: "refresh-0" } }, AccessToken: { mail: 0, files: 2 } };
    assert.deepEqual(merge(old, theirs, ours), {
      RefreshToken: { key: { secret: "refresh-1" } },
      AccessToken: { mail: 1, files: 2 },
    });
  });

  test("what either of them removed is gone", () => {
    const old = { AccessToken: { mail: 0, files: 0, calendar: 0 } };
    const [theirs, ours] = [{ AccessToken: { files: 0, calendar: 0 } }, { AccessToken: { mail: 0, calendar: 0 } }];
    assert.deepEqual(merge(old, theirs, ours), { AccessToken: { calendar: 0 } });
  });

  test("sections that only one of them has are kept", () => {
    assert.deepEqual(merge({}, { Account: { a: 1 } }, { IdToken: { b: 2 } }), {
      Account: { a: 1 },
      IdToken: { b: 2 },
    });
  });

  test("an empty cache takes nothing away from what was added to it", () => {
    assert.deepEqual(merge({}, account, {}), account);
    assert.deepEqual(merge({}, {}, account), account);
  });

  test("nothing changes where nobody changed anything", () => {
    assert.deepEqual(merge(account, account, account), account);
  });

  test("keys that every object has are keys like any other", () => {
    const polluting = ['{"AccessToken":{"__proto__":{"polluted":true}}}', '{"__proto__":{"polluted":true}}', "{}"];
    for (const base of polluting) {
      for (const theirs of polluting) {
        for (const ours of polluting) {
          const merged = JSON.parse(mergeTokenCaches(base, theirs, ours)) as Record<string, unknown>;
          assert.equal(merged["polluted"], undefined);
          assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
        }
      }
    }
    assert.deepEqual(merge({}, { IdToken: { constructor: 1 } }, { IdToken: { toString: 2 } }), {
      IdToken: { constructor: 1, toString: 2 },
    });
  });
});

describe("a time limit", () => {
  test("aborts when the time is up, and not if it has been lifted", () => {
    const [kept, lifted] = [deadlineIn(100), deadlineIn(100)];
    lifted.lift();
    mock.timers.tick(100);
    assert.deepEqual([kept.signal.aborted, lifted.signal.aborted], [true, false]);
  });

  for (const [what, stop] of [
    ["the time is up", () => mock.timers.tick(100)],
    ["its caller gives up", (caller) => caller.abort()],
  ] satisfies [string, (caller: AbortController) => void][]) {
    test(`of a piece of work ends the waiting, and tells the work, when ${what}`, async () => {
      const caller = new AbortController();
      const given = Promise.withResolvers<AbortSignal>();
      const waiting = withinTime(caller.signal, 100, async (own) => {
        given.resolve(own);
        return new Promise(() => undefined);
      });
      const own = await given.promise;
      assert.equal(own.aborted, false);
      stop(caller);
      assert.equal(own.aborted, true);
      await assert.rejects(waiting, NoAnswerInTimeError);
    });
  }

  test("of a piece of work that is done tells it nothing any more", async () => {
    const caller = new AbortController();
    const own = await withinTime(caller.signal, 100, async (limit) => limit);
    mock.timers.tick(100);
    caller.abort();
    assert.equal(own.aborted, false);
  });
});
