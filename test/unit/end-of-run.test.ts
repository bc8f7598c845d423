import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { resolve } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { collectNotRun } from "../../scripts/not-run.ts";
import { collectSlowestFiles } from "../../scripts/slowest-files.ts";

test("in a browser that is not there no test passes, and each says why it did not run", async () => {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const args = ["--disable-warning=ExperimentalWarning", "--test", "--test-reporter=tap"];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, "test/browsers/firefox.test.ts"], {
    env: { ...environment, FIREFOX_PATH: "/nowhere/firefox" },
  });
  assert.match(stdout, /^# pass 0$/m);
  assert.match(stdout, /^# skipped [1-9]\d*$/m);
  assert.match(stdout, /# SKIP Firefox is not at FIREFOX_PATH: \/nowhere\/firefox$/m);
});

test("the end of a run counts what did not run by its reason, and names nothing that did", () => {
  const events = new EventEmitter();
  const notRun = collectNotRun(events as unknown as Parameters<typeof collectNotRun>[0]);
  for (const skip of [undefined, false, "Firefox is not installed", "no Bicep compiler", "Firefox is not installed"])
    events.emit("test:pass", { name: "a test", skip });
  events.emit("test:pass", { name: "a test without a reason", skip: true });
  assert.deepEqual(notRun(), [
    "NOT RUN: 2 tests: Firefox is not installed",
    "NOT RUN: 1 test: no Bicep compiler",
    "NOT RUN: 1 test: a test without a reason",
  ]);
});

test("the end of a run names the ten files that took longest, the longest first", () => {
  const events = new EventEmitter();
  const slowestFiles = collectSlowestFiles(events as unknown as Parameters<typeof collectSlowestFiles>[0]);
  for (const seconds of [3, 12, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11]) {
    events.emit("test:summary", { file: resolve(`test/flow/${seconds}.test.ts`), duration_ms: seconds * 1_000 });
  }
  events.emit("test:summary", { file: undefined, duration_ms: 99_000 });
  const [total = "", ...slowest] = slowestFiles();
  assert.match(total, /^12 test files in \d+ s/);
  assert.equal(slowest.length, 10);
  assert.equal(slowest[0], "   12.0 s  test/flow/12.test.ts");
  assert.equal(slowest.at(-1), "    3.0 s  test/flow/3.test.ts");
});
