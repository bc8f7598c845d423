import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { latestNotBefore } from "../../shared/account/latest-not-before.ts";
import {
  isNotBeforeDocument,
  beganTooEarly,
  nothingSet,
  unreadableNotBefore,
  type NotBefore,
} from "../../shared/account/not-before.ts";
import { StoreUnavailableError } from "../../shared/store/errors.ts";
import type { Reading } from "../../shared/store/clock.ts";
import { isProblem } from "./support/is-problem.ts";
import { at, start, storedSession } from "./support/stored-session.ts";

const tenant = "3f9a1b5c-7d2e-4c60-8b14-5e6f7a8b9c0d";
const { signal } = new AbortController();
const never: NotBefore = nothingSet;
const everybodyAt = (minutes: number): NotBefore => ({ everybody: at(minutes), tenants: {} });

describe("whether a session is out", () => {
  const session = storedSession(5, { startedAt: at(0) });
  const out = (
    notBefore: NotBefore,
    { setting, of = tenant, now = 60 }: { setting?: string; of?: string; now?: number } = {},
  ) => beganTooEarly(session, of, notBefore, setting, start + now * 60_000);

  test("counts from when its sign-in began, not from when it was opened", () => {
    assert.deepEqual([out(everybodyAt(-1)), out(everybodyAt(0)), out(everybodyAt(1))], [false, false, true]);
    assert.ok(beganTooEarly(storedSession(0), tenant, everybodyAt(1), undefined, start + 3_600_000));
  });

  test("by the setting as by the store, whichever is later", () => {
    assert.ok(out(never, { setting: at(1) }));
    assert.ok(out(everybodyAt(-1), { setting: at(1) }));
    assert.ok(out(everybodyAt(1), { setting: at(-1) }));
    assert.ok(!out(everybodyAt(-1), { setting: at(-2) }));
  });

  test("with its own tenant, and with no other", () => {
    const notBefore = { everybody: null, tenants: { [tenant]: at(1) } };
    assert.ok(out(notBefore));
    assert.ok(out(notBefore, { of: tenant.toUpperCase() }));
    assert.ok(!out(notBefore, { of: "11111111-7d2e-4c60-8b14-5e6f7a8b9c0d" }));
    assert.ok(!out(notBefore, { of: "toString" }));
  });

  test("not before the setting's time has come, but at once if an administrator's is a little ahead", () => {
    assert.ok(!out(never, { setting: at(61) }));
    assert.ok(out(never, { setting: at(61), now: 61 }));
    assert.ok(out(everybodyAt(61)));
  });
});

describe("the stored document", () => {
  test("is read only as this version writes it", () => {
    const document = { id: "not-before", ttl: 1, writeId: "w", ...everybodyAt(1) };
    assert.ok(isNotBeforeDocument(document));
    const wrong = [{ everybody: "soon" }, { everybody: 1 }, { tenants: null }, { tenants: { contoso: at(1) } }];
    wrong.push({ tenants: { [tenant]: null } } as never);
    for (const change of wrong) assert.ok(!isNotBeforeDocument({ ...document, ...change }), JSON.stringify(change));
  });

  test("counts for everybody, as of its last write, where it cannot be read", () => {
    const document = unreadableNotBefore({ id: "not-before", writeId: "w", _ts: start / 1000, times: [] });
    assert.equal(document.everybody, at(0));
    assert.ok(isNotBeforeDocument(document));
  });
});

describe("an instance", () => {
  let clocks: Reading;
  let reads: number;
  let stored: () => Promise<NotBefore>;
  let latest: ReturnType<typeof latestNotBefore>;
  beforeEach(() => {
    clocks = { monotonic: 1_000_000, wall: start };
    reads = 0;
    stored = () => Promise.resolve(never);
    latest = latestNotBefore(
      () => {
        reads++;
        return stored();
      },
      { read: () => clocks },
    );
  });
  const pass = (monotonic: number, wall = monotonic) =>
    void (clocks = { monotonic: clocks.monotonic + monotonic, wall: clocks.wall + wall });

  test("reads once for all the requests of two seconds and a half", async () => {
    await Promise.all([latest.get(signal), latest.get(signal)]);
    pass(2_500);
    await latest.get(signal);
    assert.equal(reads, 1);
  });

  test("reads again after that without anybody's waiting, and uses no answer that is older than five seconds", async () => {
    await latest.get(signal);
    const slow = Promise.withResolvers<NotBefore>();
    stored = () => slow.promise;
    pass(5_000);
    assert.equal(await latest.get(signal), never);
    assert.equal(reads, 2);
    pass(1);
    const waiting = latest.get(signal);
    slow.resolve(everybodyAt(0));
    // It was asked for a millisecond ago, so it is as good as new.
    assert.deepEqual(await waiting, everybodyAt(0));
    assert.equal(reads, 2);
  });

  for (const [what, wall] of [
    ["was frozen for an hour", 3_600_000],
    ["had its clock set back by an hour", -3_600_000],
  ] as const) {
    test(`that ${what} asks the store before it serves anybody`, async () => {
      await latest.get(signal);
      stored = () => Promise.resolve(everybodyAt(0));
      pass(0, wall);
      assert.deepEqual(await latest.get(signal), everybodyAt(0));
    });
  }

  test("that was frozen while it read does not believe that answer", async () => {
    const slow = Promise.withResolvers<NotBefore>();
    stored = () => slow.promise;
    const waiting = latest.get(signal);
    pass(0, 3_600_000);
    stored = () => Promise.resolve(everybodyAt(0));
    slow.resolve(never);
    assert.deepEqual(await waiting, everybodyAt(0));
    assert.equal(reads, 2);
  });

  test("goes on for five seconds if the store does not answer, and then serves nobody until it does", async () => {
    await latest.get(signal);
    stored = () => Promise.reject(new StoreUnavailableError("read in sids"));
    pass(5_000);
    assert.equal(await latest.get(signal), never);
    await new Promise((resolve) => setImmediate(resolve));
    pass(1);
    await assert.rejects(latest.get(signal), isProblem("store_unavailable"));
    stored = () => Promise.resolve(never);
    assert.equal(await latest.get(signal), never);
  });

  test("says that the store did not answer when the request's time is up", async () => {
    stored = () => new Promise(() => undefined);
    await assert.rejects(latest.get(AbortSignal.abort()), isProblem("store_unavailable"));
  });

  test("keeps what it has written itself, whatever a read that began before says", async () => {
    const slow = Promise.withResolvers<NotBefore>();
    stored = () => slow.promise;
    const waiting = latest.get(signal);
    pass(1);
    latest.put(everybodyAt(0));
    slow.resolve(never);
    await waiting;
    assert.deepEqual(await latest.get(signal), everybodyAt(0));
  });
});
