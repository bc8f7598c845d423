import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { maxDoubtMs, storeClock, wasBefore, type Reading, type StoreClock } from "../../shared/store/clock.ts";

const start = Date.parse("2026-03-01T12:00:00.000Z");
const httpDate = (time: number) => new Date(time).toUTCString();

describe("the store's clock, as an instance knows it", () => {
  /** How far this machine's clock is off, how long it has run, and how far the store's clock was set since. */
  let skewMs: number;
  let monotonic: number;
  let setByMs: number;
  let clock: StoreClock;
  beforeEach(() => {
    [skewMs, monotonic, setByMs] = [0, 50_000, 0];
    clock = storeClock(() => ({ monotonic, wall: start + monotonic + skewMs }));
  });

  const truth = () => start + monotonic + setByMs;
  const pass = (ms: number) => (monotonic += ms);

  /** The machine stands still, and its clock does not. */
  function sleep(ms: number): void {
    skewMs += ms;
    setByMs += ms;
  }

  /** One request: on the way for `there`, and its answer for `back`. The header's text is `age` old. */
  function ask({ there = 10, back = 10, age = 0 } = {}): void {
    const sent = clock.read();
    pass(there);
    const date = httpDate(truth() - age);
    pass(back);
    clock.heard(sent, date);
  }

  function width(): number {
    const { earliest, latest } = clock.bounds() ?? assert.fail("The time is not known");
    return latest - earliest;
  }

  function assertRight(): void {
    const { earliest, latest } = clock.bounds() ?? assert.fail("The time is not known");
    assert.ok(earliest <= truth(), `the earliest is ${earliest - truth()} ms too late`);
    assert.ok(latest >= truth(), `the latest is ${truth() - latest} ms too early`);
    assert.ok(clock.now() >= earliest && clock.now() <= latest);
  }

  it("is not known before the store has answered; the best guess is the machine's own", () => {
    assert.equal(clock.bounds(), undefined);
    assert.equal(clock.now(), truth());
    skewMs = 600_000;
    assert.equal(clock.now(), truth() + 600_000);
  });

  for (const minutes of [-10, 0, 10]) {
    it(`is known after one answer where the machine's own is ${minutes} minutes off`, () => {
      skewMs = minutes * 60_000;
      ask();
      assertRight();
      assert.ok(width() < 2_500);
    });
  }

  it("is right at every phase of a second, with slow ways there and back, and headers made up to a second before", () => {
    for (let phase = 0; phase < 1_000; phase += 37) {
      for (const way of [{}, { there: 900 }, { back: 900 }, { age: 999 }, { there: 400, back: 700, age: 500 }]) {
        const fresh = storeClock(() => ({ monotonic, wall: start + monotonic }));
        clock = fresh;
        pass(phase);
        ask(way);
        assertRight();
      }
    }
  });

  it("gets sharper with every answer that falls elsewhere in the second, and stays right", () => {
    ask();
    const atFirst = width();
    for (let answers = 0; answers < 50; answers++) {
      pass(737);
      ask();
      assertRight();
    }
    assert.ok(width() < atFirst - 800, `${width()} of ${atFirst} ms`);
  });

  it("takes answers in any order, and one that was on the way for long adds nothing wrong", () => {
    const slow = clock.read();
    const date = httpDate(truth());
    pass(100);
    ask();
    pass(1_800);
    clock.heard(slow, date);
    assertRight();
  });

  it("gets vaguer with time, and is unknown when that is too much", () => {
    ask();
    const atFirst = width();
    pass(60_000);
    assert.ok(width() > atFirst);
    assertRight();
    pass(24 * 3_600_000);
    assert.equal(clock.bounds(), undefined);
    ask();
    assertRight();
    assert.ok(width() <= maxDoubtMs);
  });

  for (const [how, byMs] of [
    ["back", -60_000],
    ["ahead", 60_000],
  ] as const) {
    it(`begins anew when the store's clock was set ${how}`, () => {
      ask();
      setByMs = byMs;
      ask();
      assertRight();
    });
  }

  it("is not led back by an answer from before the store's clock was set that comes late", () => {
    ask();
    const before = clock.read();
    const oldDate = httpDate(truth());
    pass(20);
    setByMs = 60_000;
    ask();
    clock.heard(before, oldDate);
    assertRight();
  });

  it("is unknown after the machine has slept, until the store answers again", () => {
    ask();
    sleep(30_000);
    assert.equal(clock.bounds(), undefined);
    ask();
    assertRight();
  });

  it("learns nothing from an answer that the machine slept through", () => {
    const sent: Reading = clock.read();
    const date = httpDate(truth());
    sleep(30_000);
    clock.heard(sent, date);
    assert.equal(clock.bounds(), undefined);
  });

  it("asks again when the machine's own clock was set, which looks the same", () => {
    ask();
    skewMs = -600_000;
    assert.equal(clock.bounds(), undefined);
    ask();
    assertRight();
  });

  const garbage: readonly unknown[] = [
    undefined,
    null,
    "",
    "yesterday",
    0,
    [httpDate(start)],
    "2026-03-01T12:00:00Z",
    "Sunday, 01-Mar-26 12:00:00 GMT",
    "Sun, 01 Mar 2026 12:00:00 +0100",
    "Sun, 99 Xyz 2026 12:00:00 GMT",
    `${httpDate(start)}, ${httpDate(start)}`,
  ];
  it("learns nothing from an answer without a date, or with anything else in its place", () => {
    for (const date of garbage) clock.heard(clock.read(), date);
    assert.equal(clock.bounds(), undefined);
    ask();
    const bounds = clock.bounds();
    for (const date of garbage) clock.heard(clock.read(), date);
    assert.deepEqual(clock.bounds(), bounds);
  });

  it("counts its own moments exactly, and says nothing about another process's", () => {
    const first = clock.tick();
    pass(0.001);
    const second = clock.tick();
    assert.deepEqual(
      [wasBefore(first, second), wasBefore(second, first), wasBefore(first, first)],
      [true, false, false],
    );
    const other = storeClock(() => ({ monotonic: monotonic + 5_000, wall: start })).tick();
    for (const [a, b] of [
      [first, other],
      [other, first],
      [undefined, first],
      [first, undefined],
    ] as const) {
      assert.equal(wasBefore(a, b), undefined);
    }
  });

  it("runs on this machine's clocks", () => {
    const real = storeClock();
    real.heard(real.read(), new Date().toUTCString());
    const { earliest, latest } = real.bounds() ?? assert.fail("The time is not known");
    assert.ok(earliest <= Date.now() && latest >= Date.now());
  });
});
