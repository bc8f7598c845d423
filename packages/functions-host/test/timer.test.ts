import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Timer, TimerFunctionOptions, TimerHandler } from "@azure/functions";
import { parseSchedule } from "../src/timers/schedule.ts";
import { callFunction } from "../src/call-function.ts";
import { eventually } from "@entra-functions-bff/stand-in-kit/eventually";
import { startHost, type Library, type TestHost } from "./fixtures/harness.ts";
import { setSetting } from "./fixtures/queues.ts";

const noon = "0 0 12 * * *";
const everySecond = "* * * * * *";

type Options = Omit<TimerFunctionOptions, "handler" | "schedule"> & { readonly schedule?: string };

/** An app with a timer named `tick`, and what that was called with. */
function timerApp(options: Options = {}, handler: TimerHandler = () => undefined) {
  const calls: Timer[] = [];
  const register = ({ app }: Library) => {
    app.timer("tick", {
      schedule: noon,
      ...options,
      handler(timer, context) {
        calls.push(timer);
        return handler(timer, context);
      },
    });
    app.http("alive", { handler: () => ({ body: "alive" }) });
  };
  return { calls, register };
}

function useMasterKey(t: TestContext): string {
  setSetting(t, "FunctionsHost__MasterKey", "master");
  return "master";
}

/** What a host without the function says about it; the rest of the app runs. */
async function problemOf(host: TestHost): Promise<string> {
  assert.equal(await (await fetch(`${host.url}/alive`)).text(), "alive");
  return host.lines.flatMap((line) => /"tick" does not run: (.*)$/.exec(line)?.[1] ?? []).join();
}

test("a timer calls its function again and again, as its schedule says", async (t) => {
  const { calls, register } = timerApp({ schedule: everySecond });
  const host = await startHost(t, register);
  assert.deepEqual(
    host.functions.find(({ name }) => name === "tick"),
    { name: "tick", schedule: everySecond },
  );
  await eventually("it is called three times", () => calls.length >= 3);
  await host.stop();
  const { length } = calls;
  const other = timerApp({ schedule: everySecond });
  await startHost(t, other.register);
  await eventually("another host's timer is called", () => other.calls.length >= 2);
  assert.equal(calls.length, length, "a host that has stopped calls nothing");
});

test("a time span is a schedule too, for the time between two calls", async (t) => {
  const { calls, register } = timerApp({ schedule: "00:00:00.2" });
  await startHost(t, register);
  await eventually("it is called three times", () => calls.length >= 3);
  assert.deepEqual(calls[0], { schedule: { adjustForDST: false }, scheduleStatus: null, isPastDue: false });
});

test("the schedule can be a setting of any case", async (t) => {
  setSetting(t, "FIXTURE_SCHEDULE", everySecond);
  const { calls, register } = timerApp({ schedule: "%fixture_schedule%" });
  await startHost(t, register);
  await eventually("it is called", () => calls.length > 0);
});

test("a schedule that is missing or means nothing keeps the function from running, and the rest of the app runs", async (t) => {
  const missing = await startHost(t, timerApp({ schedule: "%FIXTURE_NOWHERE%" }).register);
  assert.equal(await problemOf(missing), "the setting FIXTURE_NOWHERE of its schedule is missing");
  const wrong = ["61 * * * * *", "every minute", "@daily", "0 0 0 L * *", "0 0 0 * * 7", "0 0 0 ? * *", "0 * * *"];
  for (const schedule of wrong) {
    const host = await startHost(t, timerApp({ schedule }).register);
    assert.equal(await problemOf(host), `its schedule "${schedule}" is no NCRONTAB expression and no time span`);
  }
});

test("runOnStartup calls the function once when the host starts, whatever its schedule", async (t) => {
  const { calls, register } = timerApp({ runOnStartup: true });
  await startHost(t, register);
  await eventually("it is called", () => calls.length === 1);
  assert.equal(calls[0]?.isPastDue, false);
});

test("the function is told its schedule, when it was due, ran last, and runs next", async (t) => {
  const { calls, register } = timerApp({ runOnStartup: true });
  await startHost(t, register);
  await eventually("it is called", () => calls.length === 1);
  const { schedule, scheduleStatus } = calls[0] ?? assert.fail("no call");
  assert.deepEqual(schedule, { adjustForDST: true });
  assert.deepEqual(Object.keys(scheduleStatus).sort(), ["last", "lastUpdated", "next"]);
  assert.equal(scheduleStatus.last, "0001-01-01T00:00:00+00:00", "it never ran before");
  const next = new Date(scheduleStatus.next);
  assert.deepEqual([next.getHours(), next.getMinutes(), next.getSeconds()], [12, 0, 0]);
});

test("without useMonitor, or more often than once a minute, there is no status", async (t) => {
  const unmonitored = timerApp({ useMonitor: false, runOnStartup: true });
  await startHost(t, unmonitored.register);
  const frequent = timerApp({ schedule: "*/20 * * * * *", runOnStartup: true });
  await startHost(t, frequent.register);
  await eventually("both are called", () => unmonitored.calls.length > 0 && frequent.calls.length > 0);
  assert.deepEqual([unmonitored.calls[0]?.scheduleStatus, frequent.calls[0]?.scheduleStatus], [null, null]);
});

/** A host with a file of what its timers remember. */
async function startRemembering(t: TestContext, register: (library: Library) => void, status?: object) {
  const files = status === undefined ? {} : { "timers.json": JSON.stringify({ tick: status }) };
  return startHost(t, register, { files, timersFile: "timers.json" });
}

test("a call that was missed while no host ran is made up for at the start, and says that it is past due", async (t) => {
  const { calls, register } = timerApp();
  const yesterday = new Date(Date.now() - 24 * 3600_000);
  const missed = new Date(yesterday);
  missed.setHours(12, 0, 0, 0);
  const last = new Date(missed.getTime() - 24 * 3600_000);
  const status = { last, next: missed, lastUpdated: last };
  await startRemembering(t, register, status);
  await eventually("it is called", () => calls.length === 1);
  assert.equal(calls[0]?.isPastDue, true);
  assert.equal(Date.parse(calls[0].scheduleStatus.next), missed.getTime());
});

test("a new schedule does not make earlier calls of the old one past due", async (t) => {
  const { calls, register } = timerApp({ schedule: "0 30 6 * * *" });
  const old = new Date(Date.now() - 72 * 3600_000);
  const host = await startRemembering(t, register, {
    last: old,
    next: new Date(old.getTime() + 60_000),
    lastUpdated: old,
  });
  await fetch(`${host.url}/alive`);
  await host.stop();
  assert.equal(calls.length, 0);
});

test("what a timer remembers is in its file while it runs", async (t) => {
  const { calls, register } = timerApp({ runOnStartup: true });
  const host = await startRemembering(t, register);
  await eventually("it is called", () => calls.length === 1);
  await eventually("it is remembered", async () => {
    const { tick } = JSON.parse(await readFile(join(host.appFolder, "timers.json"), "utf8")) as Record<string, Timer>;
    return tick !== undefined && "last" in tick;
  });
});

test("a status that cannot be read or kept stops no timer", async (t) => {
  const { calls, register } = timerApp({ runOnStartup: true });
  const files = { "timers.json": "not JSON" };
  const host = await startHost(t, register, { files, timersFile: "timers.json" });
  await eventually("it is called", () => calls.length === 1);
  assert.match(host.lines.join("\n"), /Function\.tick: its status cannot be read/);
  assert.match(host.lines.join("\n"), /Function\.tick: its status cannot be kept/);
});

test("a function that throws is called again when it is due, and the log says that it failed", async (t) => {
  const { calls, register } = timerApp({ schedule: everySecond }, () => {
    throw new Error("no good");
  });
  const host = await startHost(t, register);
  await eventually("it is called twice", () => calls.length >= 2);
  assert.match(host.lines.join("\n"), /error Function\.tick: failed: Error: no good/);
});

test("a call that takes longer than the schedule's interval is never beside another", async (t) => {
  let running = 0;
  let most = 0;
  const { calls, register } = timerApp({ schedule: "00:00:00.05" }, async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 200));
    running -= 1;
  });
  await startHost(t, register);
  await eventually("it is called three times", () => calls.length >= 3);
  assert.equal(most, 1);
});

test("an administrator calls a timer function at once, whatever its schedule and in any case", async (t) => {
  const key = useMasterKey(t);
  const { calls, register } = timerApp();
  const host = await startHost(t, register);
  await callFunction(host.url, "tick", key);
  await callFunction(host.url, "TICK", key);
  await eventually("it is called twice", () => calls.length === 2);
  assert.deepEqual(
    calls.map(({ isPastDue }) => isPastDue),
    [false, false],
  );
});

test("a disabled timer function is not called by its schedule, and an administrator may still call it", async (t) => {
  const key = useMasterKey(t);
  for (const setting of ["AzureWebJobs.tick.Disabled", "AzureWebJobs_tick_Disabled"]) {
    await t.test(setting, async (inner) => {
      setSetting(inner, setting, "true");
      const { calls, register } = timerApp({ schedule: everySecond, runOnStartup: true });
      const host = await startHost(inner, register);
      assert.deepEqual(
        host.functions.map(({ name }) => name),
        ["alive"],
      );
      await callFunction(host.url, "tick", key);
      await eventually("it is called", () => calls.length > 0);
      await host.stop();
      assert.equal(calls.length, 1, "the start did not call it");
    });
  }
});

test("calling a function by hand needs the master key, JSON, and a function that is there", async (t) => {
  const key = useMasterKey(t);
  setSetting(t, "FunctionsHost__FunctionKey", "function");
  const { calls, register } = timerApp();
  const host = await startHost(t, register);
  const json = { "content-type": "application/json" };
  const post = async (name: string, headers: Record<string, string>, body = "{}") =>
    (await fetch(`${host.url}/admin/functions/${name}`, { method: "POST", headers, body })).status;
  assert.equal(await post("tick", json), 401);
  assert.equal(await post("tick", { ...json, "x-functions-key": "function" }), 401);
  const authorized = { ...json, "x-functions-key": key };
  assert.equal(await post("tick", { ...authorized, "content-type": "text/plain" }), 415);
  assert.equal(await post("tick", authorized, ""), 400);
  assert.equal(await post("tick", authorized, "{"), 400);
  assert.equal(await post("none", authorized), 404);
  assert.equal(await post("alive", authorized), 501, "only timer functions can be called so here");
  assert.equal(calls.length, 0);
});

test("an option of a timer that this host knows nothing of is refused by name", async (t) => {
  const { register } = timerApp({ trigger: { type: "timerTrigger", name: "x", schedule: noon, zone: "UTC" } });
  await assert.rejects(startHost(t, register), /function "tick": its option "zone" is not supported/);
});

test("a schedule is due when NCRONTAB says so", () => {
  const start = new Date(2026, 11, 1, 0, 0, 0);
  const expected: Record<string, Date | undefined> = {
    "0 */5 * * * *": new Date(2026, 11, 1, 0, 5, 0),
    "*/5 * * * *": new Date(2026, 11, 1, 0, 5, 0),
    "0 5/15 * * * *": new Date(2026, 11, 1, 0, 5, 0),
    "30 0 9-17 * * Mon-Fri": new Date(2026, 11, 1, 9, 0, 30),
    "0 0 0 * january monday": new Date(2027, 0, 4),
    // Day of the month and day of the week, not one or the other.
    "0 0 9 1 * MON": new Date(2027, 1, 1, 9, 0, 0),
    "0 0 0 31 2 *": undefined,
    "1.12:00:00": new Date(2026, 11, 2, 12, 0, 0),
  };
  for (const [text, time] of Object.entries(expected)) {
    const schedule = parseSchedule(text) ?? assert.fail(`${text} is no schedule`);
    assert.deepEqual(schedule.next(start), time, text);
  }
});
