import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { sharedWork, type SharedWork } from "../../shared/core/shared-work.ts";
import { NoAnswerInTimeError } from "../../shared/core/deadline.ts";
import { mergeTokenCaches } from "../../shared/identity/token-cache.ts";

let shared: SharedWork;
let requests: number;
const { signal } = new AbortController();

const request = () => {
  requests++;
  return Promise.resolve({ number: requests });
};

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  shared = sharedWork();
  requests = 0;
});
afterEach(() => mock.timers.reset());

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
    mock.timers.tick(5_000);
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
