import assert from "node:assert/strict";
import { test } from "node:test";
import { startHost, type Library, type TestHost } from "./fixtures/harness.ts";

const keys = {
  masterKey: "master",
  functionKeys: { default: "for-every-function" },
  functions: { Purge: { default: "for-purge" } },
};

function register({ app }: Library): void {
  app.http("open", { authLevel: "anonymous", handler: (request) => ({ body: request.query.get("code") ?? "" }) });
  app.http("purge", { authLevel: "function", methods: ["DELETE"], handler: () => ({ body: "purged" }) });
  app.http("other", { authLevel: "function", methods: ["DELETE"], handler: () => ({ body: "other" }) });
  app.http("admins", {
    route: "for-admins",
    authLevel: "admin",
    methods: ["DELETE"],
    handler: () => ({ body: "admin" }),
  });
}

async function status(host: TestHost, path: string, key?: string): Promise<number> {
  const headers = key === undefined ? {} : { "x-functions-key": key };
  return (await fetch(`${host.url}/${path}`, { method: "DELETE", headers })).status;
}

function missingKeys({ lines }: TestHost): string[] {
  return lines.flatMap((line) => /function "(\w+)" asks for a key/.exec(line)?.[1] ?? []);
}

test("a function with a key answers 401 without one, and 200 with the right one in header or query", async (t) => {
  const host = await startHost(t, register, { files: { "keys.json": JSON.stringify(keys) }, keysFile: "keys.json" });
  assert.equal(await status(host, "purge"), 401);
  assert.equal(await status(host, "purge", "wrong"), 401);
  assert.equal(await status(host, "purge", ""), 401);
  assert.equal(await status(host, "purge?code=wrong"), 401);
  for (const key of ["for-purge", "for-every-function", "master"]) {
    assert.equal(await status(host, "purge", key), 200, key);
    assert.equal(await status(host, `purge?x=1&CODE=${key}`), 200, key);
  }
});

test("a key of another function does not open it, and only the master key opens level admin", async (t) => {
  const host = await startHost(t, register, { files: { "keys.json": JSON.stringify(keys) }, keysFile: "keys.json" });
  assert.equal(await status(host, "other", "for-purge"), 401);
  assert.equal(await status(host, "for-admins", "for-every-function"), 401);
  assert.equal(await status(host, "for-admins", "master"), 200);
});

test("a wrong key in the header is not saved by a right one in the query", async (t) => {
  const host = await startHost(t, register, { files: { "keys.json": JSON.stringify(keys) }, keysFile: "keys.json" });
  assert.equal(await status(host, "purge?code=master", "wrong"), 401);
});

test("for an anonymous function, code is a parameter like any other", async (t) => {
  const host = await startHost(t, register);
  assert.equal(await (await fetch(`${host.url}/open?code=authorization-code`)).text(), "authorization-code");
  assert.equal((await fetch(`${host.url}/open`, { headers: { "x-functions-key": "wrong" } })).status, 200);
});

test("a refusal has no body and does not say which key it wants", async (t) => {
  const host = await startHost(t, register);
  const response = await fetch(`${host.url}/purge`, { method: "DELETE" });
  assert.equal(response.status, 401);
  assert.equal(await response.text(), "");
});

test("keys come from settings too; with none, start says which functions nobody can call", async (t) => {
  const without = await startHost(t, register);
  assert.deepEqual(missingKeys(without), ["purge", "other", "admins"]);
  process.env["FunctionsHost__FunctionKey"] = "from-settings";
  t.after(() => delete process.env["FunctionsHost__FunctionKey"]);
  const host = await startHost(t, register);
  assert.equal(await status(host, "purge", "from-settings"), 200);
  assert.deepEqual(missingKeys(host), ["admins"]);
});

test("a key file that is missing, no JSON or of another shape stops the start", async (t) => {
  const start = (text: string) => startHost(t, register, { files: { "keys.json": text }, keysFile: "keys.json" });
  await assert.rejects(start("{"), /key file: not valid JSON/);
  await assert.rejects(start('{"master": "x"}'), /key file: expected/);
  await assert.rejects(start('{"functionKeys": ["x"]}'), /key file: expected/);
  await assert.rejects(startHost(t, register, { keysFile: "none.json" }), /key file: not found/);
});
