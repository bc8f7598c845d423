import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { collectNotRun } from "../../scripts/not-run.ts";

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
