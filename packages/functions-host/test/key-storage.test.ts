import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createKeyStorage } from "../src/key-storage.ts";
import { createLog } from "../src/log.ts";
import { startHost, type Library } from "./fixtures/harness.ts";
import { setSetting } from "./fixtures/queues.ts";

/** A key storage whose clock is the test's. */
function storageAt(clock: { now: number }, env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = [];
  const log = createLog({}, (line) => lines.push(line.replace(/^[\d:.]+ \w+ +/, "")));
  const storage = createKeyStorage({ FunctionsHost__KeyReadMs: "0", ...env }, log, () => clock.now);
  return { storage, lines };
}

function register({ app }: Library): void {
  app.http("open", { authLevel: "anonymous", handler: () => ({ body: "open" }) });
  app.http("closed", { authLevel: "function", handler: () => ({ body: "closed" }) });
}

const reads = (lines: readonly string[]) => lines.filter((line) => line.includes("made the host read its keys")).length;

test("the keys are read when they are first needed, and again at most once a minute", async () => {
  const clock = { now: 0 };
  const { storage, lines } = storageAt(clock);
  assert.equal(lines.length, 0, "not at the start");
  for (const now of [0, 1, 59_999]) {
    clock.now = now;
    assert.equal(await storage.read(), true);
  }
  assert.equal(reads(lines), 1);
  clock.now = 60_000;
  await storage.read();
  assert.equal(reads(lines), 2);
});

test("whoever waits for the keys at the same time waits for one read", async () => {
  const { storage, lines } = storageAt({ now: 0 }, { FunctionsHost__KeyReadMs: "20" });
  assert.deepEqual(await Promise.all([storage.read(), storage.read(), storage.read()]), [true, true, true]);
  assert.equal(reads(lines), 1);
});

test("keys that cannot be read are tried anew by the next who needs them", async () => {
  const { storage, lines } = storageAt({ now: 0 }, { FunctionsHost__KeyStorage: "refused" });
  assert.deepEqual([await storage.read(), await storage.read()], [false, false]);
  assert.equal(lines.filter((line) => line.includes("cannot be read")).length, 2);
});

test("code in the query of an anonymous function has the keys read, as does a key in the header; other requests do not", async (t) => {
  setSetting(t, "FunctionsHost__KeyReadMs", "0");
  for (const [target, headers, expected] of [
    ["/open", {}, 0],
    ["/open?code=", {}, 0],
    ["/open?state=x", {}, 0],
    ["/closed", {}, 0],
    ["/none?code=x", {}, 0],
    ["/open?code=x", {}, 1],
    ["/open?CODE=x", {}, 1],
    ["/open", { "x-functions-key": "x" }, 1],
    ["/closed?code=x", {}, 1],
  ] as const) {
    const host = await startHost(t, register);
    await fetch(host.url + target, { headers });
    assert.equal(reads(host.lines), expected, target);
  }
});

async function startRefused(t: TestContext) {
  setSetting(t, "FunctionsHost__KeyStorage", "refused");
  setSetting(t, "FunctionsHost__KeyReadMs", "0");
  setSetting(t, "FunctionsHost__MasterKey", "master");
  return startHost(t, register);
}

test("with the key storage down, a request with code or a key is an empty 500, and every other one is answered", async (t) => {
  const host = await startRefused(t);
  const answer = async (target: string, headers = {}) => {
    const response = await fetch(host.url + target, { headers });
    return [response.status, await response.text()];
  };
  assert.deepEqual(await answer("/open?code=x"), [500, ""]);
  assert.deepEqual(await answer("/open", { "x-functions-key": "x" }), [500, ""]);
  assert.deepEqual(await answer("/closed", { "x-functions-key": "master" }), [500, ""]);
  assert.deepEqual(await answer("/admin/host/status", { "x-functions-key": "master" }), [500, ""]);
  assert.deepEqual(await answer("/open"), [200, "open"]);
  assert.deepEqual(await answer("/closed"), [401, ""]);
});

test("settings of the key storage that mean nothing are refused by name", async (t) => {
  await t.test("state", async (inner) => {
    setSetting(inner, "FunctionsHost__KeyStorage", "down");
    await assert.rejects(startHost(inner, register), /FunctionsHost__KeyStorage: must be/);
  });
  await t.test("time", async (inner) => {
    setSetting(inner, "FunctionsHost__KeyReadMs", "soon");
    await assert.rejects(startHost(inner, register), /FunctionsHost__KeyReadMs: must be/);
  });
});
